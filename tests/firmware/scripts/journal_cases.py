"""A full journal, damage in the middle and at the end, a second id: one case each, named by argv[1]."""

import os
import sys

import ramdisk
from node.journal import Journal


def lost(number):
    return 99, b"lost %d" % number


def body(number):
    return bytes((number * 7 + i) & 255 for i in range(200))


def filled(count, segments=20, journal_id=77):
    journal = Journal("journal", segments, journal_id, lost)
    while journal.next <= count:
        journal.append(2, body(journal.next), journal.next)
    return journal


def oldest_goes_first():
    journal = filled(30, segments=4)
    journal.acknowledged(45)
    filled_again = journal
    while filled_again.next <= 300:
        journal.append(2, body(journal.next), 0)
    assert journal.first > 150 and journal.segments <= 4
    first, last, count = journal.take_dropped()
    assert (first, last) == (46, journal.first - 1) and count == last - 45, (first, last, count)
    assert journal.take_dropped() is None
    again = Journal("journal", 4, 1, lost)
    assert (again.first, again.next, again.id) == (journal.first, 301, 77)
    assert again.stored == 45 and again.lost > 0


def every_segment_starts_with_the_table():
    journal = Journal("journal", 20, 77, lost)
    journal.opening = 3, b"the table"
    journal.append(3, b"the table", 0)
    while journal.segments < 4:
        journal.append(2, body(journal.next), 0)
    for start in journal._starts:
        assert journal.read(start) == (3, b"the table")


def damage_in_the_middle():
    journal = filled(100)
    path = f"journal/{journal._starts[0]:08d}"
    with open(path, "r+b") as file:
        file.seek(1000)
        file.write(b"\x00\xff\x00")
    journal = Journal("journal", 20, 1, lost)
    kinds = [journal.read(number)[0] for number in range(1, journal.next)]
    second = journal._starts[1]
    assert (
        kinds[:4] == [2] * 4
        and kinds[4] == 99
        and kinds[second - 2] == 99
        and kinds[second - 1 :] == [2] * (101 - second)
    )


def damage_at_the_end():
    journal = filled(10)
    path = f"journal/{journal._starts[-1]:08d}"
    size = os.stat(path)[6]
    with open(path, "r+b") as file:
        file.seek(size - 250)
        file.write(b"\x00\xff\x00")
    journal = Journal("journal", 20, 1, lost)
    assert journal.next > 10, "a number that was used may be given away again"
    number = journal.append(2, b"after", 0)
    assert journal.read(number) == (2, b"after")
    assert journal.read(8) == (2, body(8)) and journal.read(9)[0] == 99
    assert Journal("journal", 20, 1, lost).next == number + 1


def half_written_files_go():
    filled(3)
    open("journal/00000009.tmp", "wb").close()
    open("journal/table.tmp", "wb").close()
    Journal("journal", 20, 1, lost)
    assert not [name for name in os.listdir("journal") if name.endswith(".tmp")]


def renewed():
    journal = filled(60)
    journal.renew(78)
    assert (journal.first, journal.next, journal.id) == (1, 1, 78)
    journal.append(2, b"new", 0)
    again = Journal("journal", 20, 1, lost)
    assert (again.id, again.next) == (78, 2) and again.read(1) == (2, b"new")


def full_flash_makes_room():
    journal = Journal("journal", 1000, 77, lost)
    refused = 0
    while refused < 3:
        try:
            journal.append(2, body(journal.next), 0)
        except OSError as error:
            assert error.args[0] == 28, error
            refused += 1
            assert journal.make_room()
    assert journal.first > 1
    for number in range(journal.first, journal.next):
        assert journal.read(number) == (2, body(number)), number


def random_access():
    journal = filled(200)
    number = 1
    for _ in range(400):
        number = (number * 37 + 11) % 200 + 1
        assert journal.read(number) == (2, body(number))
    for wrong in (0, 201):
        try:
            journal.read(wrong)
            raise AssertionError(wrong)
        except ValueError:
            pass


ramdisk.mount(ramdisk.RamDisk(40), fresh=True)
globals()[sys.argv[1]]()
print("ok")
