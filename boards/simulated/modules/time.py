"""`time` as on the ESP32 (ticks wrap at 2**30, epoch 2000), on the simulated board's clock. For the firmware."""

from boards.simulated import harness, host

_PERIOD = 1 << 30
_EPOCH_2000 = 946684800
rtc_offset_s = 0

if host.MICROPYTHON:
    import utime as _host_time
else:
    from boards.simulated.fallback import host_time as _host_time

    def __getattr__(name):
        return getattr(_host_time, name)


def sleep(seconds):
    harness.board.clock.sleep_us(int(seconds * 1000000))


def sleep_ms(ms):
    harness.board.clock.sleep_us(int(ms) * 1000)


def sleep_us(us):
    harness.board.clock.sleep_us(int(us))


def _since_boot_us():
    return harness.board.clock.now_us() - harness.board.start_ms * 1000 + harness.board.spec["ticks_start_ms"] * 1000


def ticks_ms():
    return _since_boot_us() // 1000 & (_PERIOD - 1)


def ticks_us():
    return _since_boot_us() & (_PERIOD - 1)


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return ticks + delta & (_PERIOD - 1)


def ticks_diff(end, start):
    return (end - start + _PERIOD // 2 & (_PERIOD - 1)) - _PERIOD // 2


def time():
    return rtc_offset_s + harness.board.clock.now_us() // 1000000


def time_ns():
    return rtc_offset_s * 1000000000 + harness.board.clock.now_us() * 1000


def gmtime(seconds=None):
    return _host_time.gmtime((time() if seconds is None else seconds) + _EPOCH_2000)[:8]


localtime = gmtime


def mktime(fields):
    """Seconds since 2000 of a time tuple in UTC (Howard Hinnant's days_from_civil)."""
    year, month, day, hour, minute, second = fields[:6]
    y = year - (month <= 2)
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468
    return days * 86400 + hour * 3600 + minute * 60 + second - _EPOCH_2000
