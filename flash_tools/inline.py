"""Inlines constants before compiling for a board: a name costs RAM there, a number does not (called by image.py).

MicroPython's compiler folds a module's own `_NAME = const(…)`; public constants that other modules import stay names,
each about 40 bytes of heap. Here every `NAME = const(number)` is put in place where it is used and its definition is
dropped: on 32-bit MicroPython 1.23 the application then takes 7 KB less (docs/benchmarks.md). Line numbers stay as
they are.
"""

import ast
from collections.abc import Mapping

Constants = Mapping[str, Mapping[str, int]]


def constants_of(source: str) -> dict[str, int]:
    """{name: value} of the public module-level `NAME = const(integer)`."""
    found = {}
    for statement in ast.parse(source).body:
        name = _defined(statement)
        if name is not None and not name.startswith("_"):
            found[name] = _value(statement)
    return found


def inline(source: str, module: str, constants: Constants) -> str:
    """The source with the constants of all modules (`module` is this one's dotted name) put in place."""
    tree = ast.parse(source)
    return _Inliner(tree, module, constants).apply(source)


def _defined(statement: ast.stmt) -> str | None:
    """The name that `NAME = const(integer)` defines, None for any other statement."""
    match statement:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="const"), args=[ast.Constant(value=int())])
        ):
            return name
    return None


def _value(statement: ast.stmt) -> int:
    assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
    constant = statement.value.args[0]
    assert isinstance(constant, ast.Constant) and isinstance(constant.value, int)
    return constant.value


class _Inliner(ast.NodeVisitor):
    """Collects the pieces of text to be replaced in one module."""

    def __init__(self, tree: ast.Module, module: str, constants: Constants) -> None:
        self._constants = constants
        self._names: dict[str, int] = dict(constants.get(module, {}))
        self._modules: dict[str, Mapping[str, int]] = {}
        self._edits: list[tuple[ast.AST, str]] = []
        self._kept: set[str] = set()  # aliases of modules that are also used for more than constants
        self._imports: list[ast.ImportFrom] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self._learn(node)
        self._edits += [(statement, "") for statement in tree.body if _defined(statement) in constants.get(module, {})]
        self.visit(tree)
        self._edits += [(node, self._import_text(node)) for node in self._imports]

    def _learn(self, node: ast.ImportFrom) -> None:
        self._imports.append(node)
        for alias in node.names:
            whole, name = f"{node.module}.{alias.name}", alias.asname or alias.name
            if whole in self._constants:
                self._modules[name] = self._constants[whole]
            elif alias.name in self._constants.get(node.module or "", {}):
                self._names[name] = self._constants[node.module or ""][alias.name]

    def visit_Assign(self, node: ast.Assign) -> None:
        if _defined(node) is None or _defined(node) not in self._names:
            self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Imports are rewritten as a whole at the end."""

    def visit_Attribute(self, node: ast.Attribute) -> None:
        base = node.value
        if isinstance(base, ast.Name) and node.attr in self._modules.get(base.id, {}):
            self._edits.append((node, str(self._modules[base.id][node.attr])))
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self._names and isinstance(node.ctx, ast.Load):
            self._edits.append((node, str(self._names[node.id])))
        elif node.id in self._modules:
            self._kept.add(node.id)

    def _import_text(self, node: ast.ImportFrom) -> str:
        """The import without what is a number now; `pass` keeps a block that held nothing else."""
        left = [alias for alias in node.names if not self._gone(alias.asname or alias.name)]
        names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in left)
        return f"from {node.module} import {names}" if left else "pass"

    def _gone(self, name: str) -> bool:
        return name in self._names or (name in self._modules and name not in self._kept)

    def apply(self, source: str) -> str:
        lines = [line.encode() for line in source.splitlines(keepends=True)]
        for node, text in sorted(self._edits, key=lambda edit: (edit[0].lineno, edit[0].col_offset), reverse=True):  # type: ignore[attr-defined]
            replace(lines, node, text.encode())
        return b"".join(lines).decode()


def replace(lines: list[bytes], node: ast.AST, text: bytes) -> None:
    """Put text in place of a node; the lines that the node took stay lines."""
    first, last = node.lineno - 1, node.end_lineno - 1  # type: ignore[attr-defined]
    head = lines[first][: node.col_offset]  # type: ignore[attr-defined]
    tail = lines[last][node.end_col_offset :]  # type: ignore[attr-defined]
    lines[first : last + 1] = [head + text + tail] + [b"\n"] * (last - first)
