"""Stands for `machine` and `esp32` in scripts, and starts boot.py on the flash that is mounted: `start(cause)`."""

import sys

KEY = bytes(range(16))
BOOT = __file__.rsplit("/tests/", 1)[0] + "/firmware/boot.py"
PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


class Reset(Exception):
    """machine.reset() was called."""


class _RTC:
    kept = b""

    def memory(self, data=None):
        if data is None:
            return _RTC.kept
        _RTC.kept = bytes(data)


class _WDT:
    def __init__(self, timeout):
        machine.armed_ms = timeout

    def feed(self):
        pass


class _Timer:
    ONE_SHOT = 0

    def __init__(self, id):
        pass

    def init(self, mode, period, callback):
        machine.timer = period, callback


class _Machine:
    """The chip: `cause` of the last reset, what was armed."""

    PWRON_RESET, HARD_RESET, WDT_RESET, SOFT_RESET = PWRON_RESET, HARD_RESET, WDT_RESET, SOFT_RESET
    RTC, WDT, Timer, Pin = _RTC, _WDT, _Timer, None
    cause = PWRON_RESET
    armed_ms = 0
    timer = None

    def reset_cause(self):
        return self.cause

    def reset(self):
        raise Reset


class _NVS:
    key = KEY

    def __init__(self, name):
        pass

    def get_blob(self, name, buffer):
        if _NVS.key is None:
            raise OSError(-4354)
        buffer[:] = _NVS.key
        return len(_NVS.key)

    def get_i32(self, name):
        return 7


class _Esp32:
    NVS = _NVS


machine = sys.modules["machine"] = _Machine()
sys.modules["esp32"] = _Esp32()
rtc, nvs = _RTC, _NVS


def start(cause, memory=None):
    """(slot that runs, what the file `slot` says now, the names that boot.py left) after a reset by `cause`."""
    machine.cause = cause
    machine.timer = None
    machine.armed_ms = 0
    if cause == PWRON_RESET:
        rtc.kept = b""
    if memory is not None:
        rtc.kept = memory
    path = list(sys.path)
    names = {"__name__": "__main__"}
    with open(BOOT) as file:
        exec(file.read(), names)
    sys.path[:] = path
    return names["running"].decode(), names["standing"].decode(), names
