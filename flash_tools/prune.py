"""Leaves out what a board never uses: functions, classes and imports that nothing reaches (called by image.py).

shared_protocol has both ends of every message, and a node is one of them: each function that it carries for the other
end costs RAM. What is used is found by name alone, over all files of the application: a name that occurs anywhere in
code that is kept (also as a text, for what is imported by name) keeps everything that is called so. Line numbers stay.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flash_tools.inline import replace

MAKERS = ("namedtuple",)  # NAME = namedtuple(…) is a definition too


@dataclass(frozen=True)
class _Item:
    """Something that may go: a definition, or one name of an import."""

    module: str
    name: str
    uses: frozenset[str]
    statement: ast.stmt


def prune(sources: Mapping[str, str]) -> dict[str, str]:
    """{module: source} of one application without what nothing reaches from the statements that run at import."""
    trees = {module: ast.parse(source) for module, source in sources.items()}
    items = [item for module, tree in trees.items() for item in _items(module, tree)]
    movable = {id(item.statement) for item in items}
    roots = [s for tree in trees.values() for s in tree.body if id(s) not in movable]
    live = _reached({name for statement in roots for name in _names(statement)}, items)
    return {
        module: _without(source, [i for i in items if i.module == module], live) for module, source in sources.items()
    }


def _items(module: str, tree: ast.Module) -> Iterator[_Item]:
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield _Item(module, name, frozenset(_names(statement)) - {name}, statement)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=maker))) if maker in MAKERS:
                yield _Item(module, name, frozenset(_names(statement.value)), statement)
            case ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield _Item(module, alias.asname or alias.name, frozenset({alias.name}), statement)


def _names(node: ast.AST) -> Iterator[str]:
    """Every name, attribute and text of one word in a piece of code."""
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.Constant(value=str(text)) if text.isidentifier():
                yield text
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases)


def _reached(live: set[str], items: list[_Item]) -> set[str]:
    """The names that code reaches that is reached itself."""
    waiting = list(items)
    while True:
        found = [item for item in waiting if item.name in live]
        if not found:
            return live
        waiting = [item for item in waiting if item.name not in live]
        live = live.union(*(item.uses for item in found))


def _without(source: str, items: list[_Item], live: set[str]) -> str:
    """The source with blank lines in place of what is not reached."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    statements = {id(item.statement): item.statement for item in items}
    for key, statement in reversed(statements.items()):
        mine = [item for item in items if id(item.statement) == key]
        if isinstance(statement, ast.ImportFrom):
            left = [alias for alias in statement.names if (alias.asname or alias.name) in live]
            if len(left) < len(mine):
                replace(lines, statement, _import(statement, left).encode())
        elif mine[0].name not in live:
            replace(lines, statement, b"")
    return b"".join(lines).decode()


def _import(statement: ast.ImportFrom, left: list[ast.alias]) -> str:
    names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in left)
    return f"from {statement.module} import {names}" if left else ""
