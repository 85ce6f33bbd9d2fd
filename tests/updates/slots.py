"""What lies in a board's two slots, read from its flash on the PC: by littlefs-python, hashlib and hmac alone, so that
neither boot.py nor the simulator has a say. For the campaign.
"""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from littlefs import LittleFS, LittleFSError

BLOCK = 4096
SEAL_HEAD = 51  # SHA-256, tag, version


@dataclass(frozen=True)
class Slots:
    """`chosen`: content of the file /slot; `sound`: SHA-256 of each slot whose files and tag are right, by name."""

    chosen: bytes
    sound: dict[str, bytes]

    @property
    def can_start(self) -> bool:
        """Whether some complete version is there."""
        return bool(self.sound)


def read(flash: Path, key: bytes) -> Slots:
    """The slots of a board that is off; `key`: the node's."""
    data = flash.read_bytes()
    system = LittleFS(block_size=BLOCK, block_count=len(data) // BLOCK, read_size=32, prog_size=32, mount=False)
    system.context.buffer = bytearray(data)
    system.mount()
    chosen = _read(system, "/slot") or b"a"
    sound = {slot: found for slot in "ab" if (found := _sound(system, slot, key)) is not None}
    return Slots(chosen, sound)


def _sound(system: LittleFS, slot: str, key: bytes) -> bytes | None:
    """The SHA-256 of a slot's image, None when anything is missing or wrong."""
    seal = _read(system, f"/{slot}/seal")
    if seal is None or len(seal) <= SEAL_HEAD:
        return None
    image, tag, version, index = seal[:32], seal[32:48], seal[48:SEAL_HEAD], seal[SEAL_HEAD:]
    total = hashlib.sha256(b"%05d\n" % len(index) + index)
    for line in index.splitlines():
        size, path = line.split(b" ", 1)
        content = _read(system, f"/{slot}/{path.decode()}")
        if content is None or len(content) != int(size):
            return None
        total.update(content)
    right = hmac.new(key, b"nv1 image" + version + image, hashlib.sha256).digest()[:16]
    return image if total.digest() == image and hmac.compare_digest(tag, right) else None


def _read(system: LittleFS, path: str) -> bytes | None:
    try:
        with system.open(path, "rb") as file:
            return bytes(file.read())
    except (LittleFSError, OSError):
        return None
