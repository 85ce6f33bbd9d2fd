"""A MicroPython image is proven before anything is erased, wherever it comes from; no damage gets through."""

from __future__ import annotations

import struct
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flash_tools import micropython as mp
from flash_tools.errors import (
    FetchFailed,
    HashChanged,
    HashDemanded,
    ImageDamaged,
    ImageError,
    ImageForAnotherChip,
    ImageTooOld,
    NotAnImage,
    NotInBundle,
)
from hub.cli.flash import command
from tests.support.usb_board import fake_micropython

NAME = "ESP32_GENERIC-20240602-v1.23.0.bin"
PROGRAM = 0x10000 - 0x1000


@cache
def sound(chip: str = "esp32", version: str = "1.23.0") -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return fake_micropython(Path(folder) / "image.bin", chip, version, filling=3200).read_bytes()


def covered(data: bytes, start: int) -> int:
    """Where a program that begins at `start` ends, its SHA-256 included."""
    end = start + 24
    for _ in range(data[start + 1]):
        end += 8 + struct.unpack_from("<I", data, end + 4)[0]
    return end + 16 - (end - start) % 16 + 32


def test_a_sound_image_says_what_it_is() -> None:
    image = mp.parse(sound(), NAME)
    assert (image.chip, image.offset, image.version, image.release) == ("esp32", 0x1000, (1, 23, 0), "1.23.0")
    assert image.partition("vfs").offset == 0x200000 and image.flash_mb == 4
    assert mp.parse(sound("esp32c3"), NAME).offset == 0


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_flipped_bit_gets_through(data: st.DataObject) -> None:
    image = bytearray(sound())
    ranges = [(0, covered(image, 0)), (0x8000 - 0x1000, 0x8000 - 0x1000 + 160), (PROGRAM, covered(image, PROGRAM))]
    low, high = data.draw(st.sampled_from(ranges))
    image[data.draw(st.integers(low, high - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ImageError):
        mp.parse(bytes(image), NAME)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(sound()) - 1))
def test_no_cut_file_gets_through(length: int) -> None:
    with pytest.raises(ImageError):
        mp.parse(sound()[:length], NAME)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=70000))
def test_anything_else_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ImageError):
        mp.parse(b"\xe9" + data, NAME)


def test_what_a_board_in_use_keeps(tmp_path: Path) -> None:
    """NVS lies between the partition table and the program: it is not written over."""
    image = mp.parse(sound(), NAME)
    (head_at, head), (program_at, program) = image.pieces(keep_nvs=True)
    assert (head_at, head_at + len(head), program_at) == (0x1000, 0x9000, 0x10000)
    whole = bytearray(b"\xff" * len(image.data))
    whole[: len(head)] = head
    whole[program_at - 0x1000 :] = program
    assert bytes(whole) == image.data  # of the bench's image: nothing but blank lies between
    assert image.pieces(keep_nvs=False) == [(0x1000, image.data)]


def test_admission(tmp_path: Path) -> None:
    memory = mp.Memory(tmp_path)
    image = mp.parse(sound(), NAME)
    with pytest.raises(ImageForAnotherChip):
        mp.admit(image, "esp32s3", None, memory)
    with pytest.raises(ImageTooOld):
        mp.admit(mp.parse(sound(version="1.22.2"), NAME), "esp32", None, memory)
    with pytest.raises(HashDemanded):
        mp.admit(image, "esp32", "00" * 32, memory)
    mp.admit(image, "esp32", image.sha256.upper(), memory)
    mp.admit(image, "esp32", None, mp.Memory(tmp_path))


def test_a_file_that_changed_under_its_name_is_refused_until_its_hash_is_demanded(tmp_path: Path) -> None:
    memory = mp.Memory(tmp_path)
    mp.admit(mp.parse(sound(), NAME), "esp32", None, memory)
    other = mp.parse(fake_micropython(tmp_path / NAME, filling=6400).read_bytes(), NAME)
    with pytest.raises(HashChanged):
        mp.admit(other, "esp32", None, memory)
    mp.admit(other, "esp32", other.sha256, memory)
    mp.admit(other, "esp32", None, memory)


def test_a_folder_gives_the_preferred_release(tmp_path: Path) -> None:
    for version in ("1.22.2", "1.23.0", "1.24.1"):
        fake_micropython(tmp_path / f"ESP32_GENERIC-20240602-v{version}.bin", version=version, filling=320)
    assert mp.bundled(tmp_path, "esp32").release == "1.23.0"
    (tmp_path / NAME).unlink()
    assert mp.bundled(tmp_path, "esp32").release == "1.24.1"
    with pytest.raises(NotInBundle):
        mp.bundled(tmp_path, "esp32s3")


PAGE = """<a href="/resources/firmware/ESP32_GENERIC-20240602-v1.23.0.bin">v1.23.0 (2024-06-02) .bin</a>
<a href="/resources/firmware/ESP32_GENERIC-20241025-v1.24.0.bin">v1.24.0</a>
<a href="/resources/firmware/ESP32_GENERIC-OTA-20240602-v1.23.0.bin">OTA</a>
<a href="/resources/firmware/ESP32_GENERIC-20240222-v1.22.2.bin">v1.22.2</a>"""


def test_fetching_takes_the_link_from_the_page_and_keeps_the_file(tmp_path: Path) -> None:
    asked = []

    def get(url: str, progress: object) -> bytes:
        asked.append(url)
        return PAGE.encode() if url.endswith("/") else sound()

    memory = mp.Memory(tmp_path)
    assert mp.fetch("esp32", memory, get=get).name == NAME
    assert asked == [
        "https://micropython.org/download/ESP32_GENERIC/",
        "https://micropython.org/resources/firmware/" + NAME,
    ]
    assert mp.chosen("esp32", None, None, memory).data == sound()


class Site(BaseHTTPRequestHandler):
    """A web site with a page of links and the images of every chip."""

    def do_GET(self) -> None:
        name = self.path.strip("/").rpartition("/")[2]
        if self.path.startswith("/download/"):
            body = f'<a href="/resources/firmware/{name}-20240602-v1.23.0.bin">v1.23.0</a>'.encode()
        else:
            chip = next(chip for chip, known in mp.NAMES.items() if known == name.partition("-")[0])
            body = sound(chip)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_bundle_is_filled_and_flashes_without_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(mp, "SITE", f"http://127.0.0.1:{server.server_port}")
    done = CliRunner().invoke(command, ["--fill-bundle", str(tmp_path), "--lang", "en"])
    server.shutdown()
    server.server_close()
    assert done.exit_code == 0, done.output
    for chip in mp.NAMES:
        image = mp.bundled(tmp_path, chip)
        assert image.chip == chip and image.sha256 in done.output.replace("\n", "")


def test_a_bundle_that_cannot_be_filled_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mp, "SITE", "http://127.0.0.1:9")
    done = CliRunner().invoke(command, ["--fill-bundle", str(tmp_path), "--lang", "en"])
    assert done.exit_code == 2 and "127.0.0.1:9" in done.output.replace("\n", ""), done.output
    assert "ESP32_GENERIC-…-v1.23.0.bin" in done.output and "--bundle" in done.output
    assert not list(tmp_path.glob("*.bin"))


def test_fetching_fails_in_words(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed):
        mp.fetch("esp32", mp.Memory(tmp_path), get=lambda url, progress: b"<html>moved</html>")
    with pytest.raises(NotAnImage):
        mp.fetch("esp32", mp.Memory(tmp_path), get=lambda url, p: PAGE.encode() if url.endswith("/") else b"<html>")
    assert not list(tmp_path.glob("*.bin"))
    with pytest.raises(FetchFailed):
        mp.download("https://127.0.0.1:9/download/ESP32_GENERIC/")


def test_a_program_cut_off_in_its_file_is_damaged_not_foreign() -> None:
    with pytest.raises(ImageDamaged):
        mp.parse(sound()[:-40], NAME)
