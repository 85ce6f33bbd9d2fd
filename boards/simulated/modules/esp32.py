"""`esp32`: NVS kept in a host file or in the chip's flash, and the IDF heap's figures. For the firmware."""

import json

from boards.simulated import harness, host

HEAP_DATA = 4
HEAP_EXEC = 1
NVS_BYTES = 4096  # of one namespace
_NOT_FOUND = -4354


class NVS:
    """One namespace: i32 and blobs; what was not committed is lost with the power.

    With spec["nvs_at"] it is JSON in that partition of the chip's flash, so that a tool can erase it.
    """

    def __init__(self, namespace):
        self._path = harness.board.folder + "/nvs_" + namespace
        text = self._read_chip() if "nvs_at" in harness.board.spec else host.read_file(self._path)
        self._items = json.loads(text or "{}")

    def _read_chip(self):
        spec = harness.board.spec
        with host.open_file(spec["flash"], "rb") as file:
            file.seek(spec["nvs_at"])
            return file.read(NVS_BYTES).split(b"\xff", 1)[0].decode()

    def _write_chip(self, text):
        """Erase and write, which counts as one operation."""
        spec = harness.board.spec
        harness.board.flash.ioctl(6, 0)
        with host.open_file(spec["flash"], "r+b") as file:
            file.seek(spec["nvs_at"])
            file.write(text.encode() + b"\xff" * (NVS_BYTES - len(text)))

    def _get(self, key, kind):
        value = self._items.get(key)
        if not isinstance(value, kind):
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        return value

    def set_i32(self, key, value):
        self._items[key] = value

    def get_i32(self, key):
        return self._get(key, int)

    def set_blob(self, key, value):
        self._items[key] = bytes(value).hex()

    def get_blob(self, key, buffer):
        """Copy the blob into buffer and return its length; too small a buffer is an OSError."""
        value = bytes.fromhex(self._get(key, str))
        if len(value) > len(buffer):
            raise OSError(-4364, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        if key not in self._items:
            raise OSError(_NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        del self._items[key]

    def commit(self):
        if "nvs_at" in harness.board.spec:
            self._write_chip(json.dumps(self._items))
        else:
            host.replace_file(self._path, json.dumps(self._items))


def idf_heap_info(capabilities):
    """[(total, free, largest free block, least free ever)]: what an ESP32 shows with Wi-Fi up, constant here."""
    return [(7288, 0, 0, 0), (15072, 2912, 2816, 2492), (95056, 51184, 47104, 43996)]
