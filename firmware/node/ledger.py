"""The ledger: what each actuator ran in the last 24 hours and owes for a run not ended, kept over reboots.
Called by actuators.

Time is powered time: hours without power do not count, so that a cap is never forgotten early. A run is charged
before the relay closes and booked at its end; one that a reset cut short stays charged in full. Sums are by the hour,
over 25 of them, so a cap holds in any 24 hours. File `ledger`, guarded by a CRC: u32 seconds, then per actuator id u8,
resets at its switching u8 (the highest bit: it rests), charge u16, 25 × u16 seconds.
"""

import struct

from node import files

HOURS = 25
STRIKES = 2  # resets right after its switching that lock an actuator out
_PATH = "ledger"
_FORM = "<BBH25H"
_SIZE = 54
_MOST = 65535


class Account:
    """One actuator's row. `cut`: the last run was ended by a reset or by max-on, and a rest is due at the start."""

    def __init__(self, id):
        self.id = id
        self.strikes = 0
        self.charge = 0
        self.hours = [0] * HOURS
        self.cut = False
        self.endured = 0  # switchings of this run of the node that did not reset it


class Ledger:
    """The accounts of these actuator ids. `flash` has read_guarded and write_guarded."""

    def __init__(self, ids, flash=files):
        self._flash = flash
        self._accounts = {id: Account(id) for id in ids}
        self._base_s = 0
        data = flash.read_guarded(_PATH) or b""
        if len(data) >= 4:
            self._base_s = struct.unpack_from("<I", data, 0)[0]
        self._hour = self._base_s // 3600
        for at in range(4, len(data) - _SIZE + 1, _SIZE):
            row = struct.unpack_from(_FORM, data, at)
            account = self._accounts.get(row[0])
            if account:
                account.strikes = row[1] & 0x7F
                account.hours = list(row[3:])
                account.cut = row[2] > 0 or row[1] > 0x7F
                self._book(account, row[2])

    def account(self, id):
        """The Account of an actuator."""
        return self._accounts[id]

    def used(self, id, now_s):
        """Seconds that count against its cap at uptime `now_s`."""
        self._advance(now_s)
        account = self._accounts[id]
        return sum(account.hours) + account.charge

    def charge(self, id, seconds, now_s):
        """Take seconds before the relay closes; False when the flash did not keep it."""
        self._accounts[id].charge = min(max(1, seconds), _MOST)
        return self._save(now_s)

    def settle(self, id, ran_s, now_s, rests=False):
        """The run is over: what it took is booked, the rest of its charge given back. `rests`: max-on ended it."""
        account = self._accounts[id]
        account.charge = 0
        account.cut = rests
        self._advance(now_s)
        self._book(account, ran_s)
        self._save(now_s)

    def strike(self, id, count, now_s):
        """Keep how many resets in a row came right after this actuator switched."""
        self._accounts[id].strikes = count
        self._save(now_s)

    def _book(self, account, seconds):
        slot = self._hour % HOURS
        account.hours[slot] = min(account.hours[slot] + seconds, _MOST)

    def _advance(self, now_s):
        """Empty the hours that are more than a day old."""
        hour = (self._base_s + now_s) // 3600
        for passed in range(max(self._hour + 1, hour - HOURS + 1), hour + 1):
            for account in self._accounts.values():
                account.hours[passed % HOURS] = 0
        self._hour = max(self._hour, hour)

    def _save(self, now_s):
        data = struct.pack("<I", (self._base_s + now_s) & 0xFFFFFFFF)
        for account in self._accounts.values():
            strikes = account.strikes | account.cut << 7
            data += struct.pack(_FORM, account.id, strikes, account.charge, *account.hours)
        try:
            self._flash.write_guarded(_PATH, data)
            return True
        except OSError:
            return False
