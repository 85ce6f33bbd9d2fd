"""Cuts the power at block operation n of a run of appends, for each n asked; after it nothing accepted is missing.

argv: first n, step, last n (the run ends sooner when there are fewer operations). Prints the number of cuts made.
"""

import sys

import ramdisk
from node.journal import Journal


def lost(number):
    return 99, b"lost"


def body(number):
    return bytes((number * 7 + i) & 255 for i in range(20 + number * 37 % 400))


def live(journal, accepted, count):
    """Append until `count` records are in; each one told as accepted must be found later."""
    while journal.next <= count:
        number = journal.next
        if journal.append(2, body(number), number) != number:
            raise AssertionError("number")
        accepted.append(number)


def check(journal, accepted):
    assert journal.id == 77, journal.id
    top = accepted[-1] if accepted else 0
    assert top + 1 <= journal.next <= top + 2, (top, journal.next)
    for number in range(journal.first, journal.next):
        assert journal.read(number) == (2, body(number)), number


def one(cut_at, count=80):
    disk = ramdisk.RamDisk(40)
    ramdisk.mount(disk, fresh=True)
    journal = Journal("journal", 20, 77, lost)
    accepted = []
    disk.operations = 0
    disk.cut_at = cut_at
    try:
        live(journal, accepted, count)
        whole = True
    except OSError:
        whole = False
    ramdisk.umount()
    again = ramdisk.RamDisk(image=disk.data)
    ramdisk.mount(again)
    journal = Journal("journal", 20, 77, lost)
    check(journal, accepted)
    live(journal, accepted, count + 3)
    check(journal, accepted)
    ramdisk.umount()
    return whole


def main():
    first, step, last = (int(a) for a in sys.argv[1:4])
    cuts = 0
    for n in range(first, last, step):
        if one(n):
            break
        cuts += 1
    print(cuts)


main()
