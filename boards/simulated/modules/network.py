"""`network` as on the ESP32: one station that connects in 1.5 s unless the fault "wifi" is set. For the firmware.

Any network is there, until the fault "router": [name, password] names the only one that is. Fault "rssi": dBm.
"""

from boards.simulated import harness

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
CONNECT_MS = 1500
NOT_FOUND_MS = 3000


class Station:
    """The one radio: off, idle, connecting or up; `up()` is what sockets ask before they send."""

    def __init__(self):
        self.on = False
        self.started_ms = None
        self.joined = False
        self.ssid = ""
        self.key = None
        self.settings = {"reconnects": -1, "pm": 1}

    def fault(self):
        """None, "down" (no such network) or "wrong_password"; the network is down while a board lives its past."""
        board = harness.board
        if board.spec["prefill_s"] and board.clock.virtual:
            return "down"
        router = board.fault("router")
        if router and router[0] != self.ssid:
            return "down"
        if router and router[1] != self.key:
            return "wrong_password"
        return board.fault("wifi")

    def up(self):
        return self.status() == STAT_GOT_IP

    def status(self):
        if not self.on or self.started_ms is None:
            return STAT_IDLE
        fault = self.fault()
        age_ms = harness.board.clock.now_ms() - self.started_ms
        if fault:
            late = STAT_WRONG_PASSWORD if fault == "wrong_password" else STAT_NO_AP_FOUND
            return STAT_CONNECTING if age_ms < NOT_FOUND_MS and not self.joined else late
        self.joined = self.joined or age_ms >= CONNECT_MS
        return STAT_GOT_IP if self.joined else STAT_CONNECTING


station = Station()


class WLAN:
    """A handle of the one station; connect() while connecting raises OSError("Wifi Internal Error")."""

    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    def __init__(self, interface_id=STA_IF):
        if interface_id != STA_IF:
            raise ValueError("only the station is simulated")

    def active(self, is_active=None):
        if is_active is None:
            return station.on
        station.on = bool(is_active)
        if not is_active:
            station.started_ms = None

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not station.on:
            raise OSError("Wifi Internal State Error")
        if station.status() == STAT_CONNECTING:
            raise OSError("Wifi Internal Error")
        station.ssid = ssid or station.ssid
        station.key = key
        station.joined = False
        station.started_ms = harness.board.clock.now_ms()

    def disconnect(self):
        station.started_ms = None

    def isconnected(self):
        return station.up()

    def status(self, param=None):
        if param is None:
            return station.status()
        if param == "rssi":
            return (harness.board.fault("rssi") or -61) if station.up() else 0
        raise ValueError("unknown status param")

    def scan(self):
        harness.board.clock.sleep_us(2000000)
        if station.fault() == "down":
            return []
        return [(b"nhavuon", b"\x02\x00\x00\x00\x00\x01", 6, -61, 3, False)]

    def ifconfig(self, config=None):
        if config is None:
            return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1") if station.up() else ("0.0.0.0",) * 4

    def config(self, name=None, **settings):
        if name is None:
            station.settings.update(settings)
            return None
        known = {"mac": bytes.fromhex(harness.board.spec["mac"]), "ssid": station.ssid, "essid": station.ssid}
        known["channel"] = 6
        known.update(station.settings)
        if name not in known:
            raise ValueError("unknown config param")
        return known[name]


def hostname(name=None):
    return "nhavuon" if name is None else None


def country(code=None):
    return "VN" if code is None else None
