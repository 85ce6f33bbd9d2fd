"""Cuts the power at block operation n of a recording node, again and again; each set taken is in the journal once.

argv: first n, step, last n. Three runs on one flash for each n: the first two are cut. Prints the number of cuts made.
"""

import sys

import ramdisk
from node.journal import Journal
from node.recorder import Recorder, last_boot_no, lost_body

from shared_protocol import registry as g
from shared_protocol.record import Actuator, Channel, decode_table
from shared_protocol.unblock import decode_block

CHANNELS = [Channel(1, 1, 1, -1, "nhà"), Channel(2, 2, 2, -1, "nhà")]
ACTUATORS = [Actuator(1, 1, "quạt")]


class Clock:
    ms = 0

    def now(self):
        return self.ms


def value(boot, uptime):
    """A jumpy signal, so that blocks close often; every 17th is a gap."""
    number = (boot * 7919 + uptime * 104729) % 90001
    return None if number % 17 == 0 else number


def run(disk, taken, sets, starting):
    """One power-on until the cut, or until `sets` were taken."""
    journal = Journal("journal", 20, 77, lost_body)
    clock = Clock()
    boot_no = max(last_boot_no(journal), starting) + 1
    recorder = Recorder(journal, clock, boot_no)
    recorder.begin(CHANNELS, ACTUATORS)
    recorder.event(g.EVENT_BOOT, (1, 0, "t"))
    for i in range(sets):
        clock.ms += 60000
        uptime = clock.ms // 1000
        taken.append((boot_no, uptime))
        recorder.set(uptime, (value(boot_no, uptime), 500), i & 1)
        if recorder.failures:
            return False
        if i % 10 == 9:
            recorder.event(g.EVENT_ACTUATOR, (1, i & 1, 12, 301, 300))
            if recorder.failures:
                return False
    recorder.close()
    return not recorder.failures


def in_journal():
    """(boot, uptime) of every set in the journal, in order; each value is checked."""
    journal = Journal("journal", 20, 77, lost_body)
    found = []
    tables = []
    for number in range(journal.first, journal.next):
        kind, body = journal.read(number)
        if kind == g.RECORD_TABLE:
            tables.append(decode_table(body).number)
        if kind == g.RECORD_BLOCK:
            block = decode_block(body)
            assert block.table in tables
            for i in range(len(block.times)):
                uptime = block.times[i]
                assert block.columns[0][i] == value(block.boot_no, uptime)
                found.append((block.boot_no, uptime))
    return found


def one(cut_at):
    """Three power-ons, the first two cut; True when there was nothing left to cut."""
    disk = ramdisk.RamDisk(40)
    ramdisk.mount(disk, fresh=True)
    taken = []
    doubtful = []  # being written when the power went: may be there or not
    cuts = 0
    for power_on in range(3):
        disk.operations = 0
        disk.cut_at = cut_at if power_on < 2 else -1
        before = len(taken)
        try:
            whole = run(disk, taken, 110, power_on)
        except OSError:
            whole = False
        ramdisk.umount()
        disk = ramdisk.RamDisk(image=disk.data)
        ramdisk.mount(disk)
        cuts += not whole
        if not whole and len(taken) > before:
            doubtful.append(taken.pop())
    found = in_journal()
    ramdisk.umount()
    kept = [name for name in found if name not in doubtful]
    assert kept == taken, (cut_at, [t for t in taken if t not in kept][:5], [k for k in kept if k not in taken][:5])
    assert len(set(found)) == len(found)
    return not cuts


def main():
    first, step, last = (int(a) for a in sys.argv[1:4])
    cuts = 0
    for n in range(first, last, step):
        if one(n):
            break
        cuts += 1
    print(cuts)


main()
