"""Everything that runs on a board uses only what the official MicroPython 1.23 for ESP32 has.

The lists are from the 1.23 documentation and sources (ports/esp32, extmod, py); a name that is missing here is either
not there or was not looked up: look it up before adding it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MODULES: dict[str, set[str]] = {
    "array": {"array"},
    "binascii": {"crc32", "hexlify", "unhexlify"},
    "collections": {"namedtuple"},
    "cryptolib": {"aes"},
    "dht": {"DHT11", "DHT22"},
    "ds18x20": {"DS18X20"},
    "esp32": {"HEAP_DATA", "NVS", "idf_heap_info"},
    "gc": {"collect", "mem_free", "mem_alloc", "threshold"},
    "hashlib": {"sha256"},
    "json": {"loads", "dumps"},
    "machine": {
        "ADC", "I2C", "Pin", "RTC", "Timer", "WDT", "reset", "unique_id", "reset_cause",
        "PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET",
    },
    "micropython": {"const"},
    "network": {"WLAN", "STA_IF"},
    "onewire": {"OneWire"},
    "os": {"listdir", "mkdir", "remove", "rename", "rmdir", "stat", "statvfs", "urandom"},
    "select": {"poll", "POLLIN"},
    "socket": {"socket", "getaddrinfo", "AF_INET", "SOCK_DGRAM", "SOL_SOCKET", "SO_BROADCAST"},
    "struct": {"pack", "unpack", "unpack_from", "pack_into", "calcsize"},
    "sys": {"path", "modules", "print_exception", "implementation"},
    "time": {"ticks_ms", "ticks_diff", "ticks_add", "sleep_ms"},
}  # fmt: skip

BUILTINS = {
    *(
        "abs",
        "all",
        "any",
        "bool",
        "bytearray",
        "bytes",
        "callable",
        "chr",
        "delattr",
        "dict",
        "enumerate",
        "filter",
        "float",
        "getattr",
    ),
    *("hasattr", "hash", "id", "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "memoryview"),
    *("min", "next", "object", "open", "ord", "pow", "print", "property", "range", "repr", "reversed", "round", "set"),
    *("setattr", "sorted", "staticmethod", "str", "sum", "super", "tuple", "type", "zip", "__import__", "__name__"),
    *("Exception", "OSError", "ValueError", "KeyError", "IndexError", "TypeError", "AttributeError", "MemoryError"),
    *("ImportError", "RuntimeError", "KeyboardInterrupt", "SystemExit", "StopIteration", "UnicodeError"),
    "OverflowError",
}

# Methods of built-in types that CPython has and MicroPython 1.23 has not (or not with these arguments).
MISSING_METHODS = {
    *("removeprefix", "removesuffix", "casefold", "isalnum", "isidentifier", "zfill", "ljust", "rjust", "format_map"),
    *("hexdigest", "bit_length", "bit_count", "is_integer", "hex", "fromhex", "translate", "expandtabs", "splitlines"),
    *("tobytes", "cast", "toreadonly"),
}

HOST_ONLY = {"ccm_host.py", "bits_host.py", "names.py", "health.py", "judging.py"}  # never imported by a board
OURS = ("shared_protocol", "node")


def sources() -> list[Path]:
    found = sorted((ROOT / "firmware").rglob("*.py"))
    return found + [path for path in sorted((ROOT / "shared_protocol").glob("*.py")) if path.name not in HOST_ONLY]


def imported(tree: ast.AST) -> dict[str, str]:
    """{name in the file: dotted thing it stands for} of modules that are not ours; asserts that each is known."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                if item.name.split(".")[0] not in OURS:
                    assert item.name in MODULES, f"line {node.lineno}: module {item.name}"
                    names[item.asname or item.name] = item.name
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert node.level == 0, f"line {node.lineno}: relative import"
            if module.split(".")[0] in OURS:
                continue
            assert module in MODULES, f"line {node.lineno}: module {module}"
            for item in node.names:
                assert item.name in MODULES[module], f"line {node.lineno}: {module}.{item.name}"
    return names


def foreign_uses(tree: ast.AST, modules: dict[str, str]) -> list[str]:
    """What is used of modules, built-ins and syntax and is not on the lists."""
    wrong = []
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    assigned |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assigned |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    assigned |= {n.name for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            assigned |= {(item.asname or item.name).split(".")[0] for item in node.names}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            if node.attr not in MODULES[modules[node.value.id]]:
                wrong.append(f"line {line}: {node.value.id}.{node.attr}")
        elif isinstance(node, ast.Attribute) and node.attr in MISSING_METHODS:
            wrong.append(f"line {line}: .{node.attr}")
        elif isinstance(node, ast.Name) and node.id not in assigned and node.id not in BUILTINS:
            wrong.append(f"line {line}: {node.id}")
        elif isinstance(node, ast.Match | ast.AsyncFunctionDef | ast.Await | ast.JoinedStr | ast.AnnAssign):
            wrong.append(f"line {line}: {type(node).__name__}")
        elif isinstance(node, ast.arguments) and node.posonlyargs:
            wrong.append(f"line {line}: positional-only arguments")
    return wrong


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_what_the_board_has(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert foreign_uses(tree, imported(tree)) == []


def test_firmware_never_reaches_the_hub_or_the_boards() -> None:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert not module or module.split(".")[0] not in ("hub", "boards", "flash_tools"), path


def test_boot_sets_pins_before_anything_else() -> None:
    lines = (ROOT / "firmware/boot.py").read_text("utf-8").splitlines()
    tree = ast.parse("\n".join(lines))
    assert isinstance(tree.body[0], ast.Expr)  # the docstring
    first = tree.body[1]
    assert isinstance(first, ast.ImportFrom) and first.module == "machine"
    assert [item.name for item in first.names] == ["Pin"]
    assert tree.body[2].lineno > lines.index("# end pins") + 1 > lines.index("# pins") + 1 > first.lineno
