"""`esp32`: NVS kept in a host file, and the IDF heap's figures. For the firmware."""

import json

from boards.simulated import harness, host

HEAP_DATA = 4
HEAP_EXEC = 1
_NOT_FOUND = -4354


class NVS:
    """One namespace: i32 and blobs; what was not committed is lost with the power."""

    def __init__(self, namespace):
        self._path = harness.board.folder + "/nvs_" + namespace
        self._items = json.loads(host.read_file(self._path) or "{}")

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
        host.replace_file(self._path, json.dumps(self._items))


def idf_heap_info(capabilities):
    """[(total, free, largest free block, least free ever)]: what an ESP32 shows with Wi-Fi up, constant here."""
    return [(7288, 0, 0, 0), (15072, 2912, 2816, 2492), (95056, 51184, 47104, 43996)]
