"""Settings slots, key copies, the table of boots: one case each, named by argv[1], on a littlefs in RAM."""

import json
import sys

import ramdisk
from node import files, settings, slots


def slot(path, serial, text):
    from binascii import crc32

    rest = b"%d\n" % serial + text
    files.write(path, b"%08x " % crc32(rest) + rest)


def nothing_there_gives_defaults():
    found = settings.load()
    assert (found.sample_s, found.set_s, found.now_s) == (10, 60, 15)
    assert found.wifi == [] and found.hub is None and found.calibration == {}


def newer_sound_slot_counts():
    slot("settings.a", 5, b'{"sample_s": 7}')
    slot("settings.b", 4, b'{"sample_s": 8}')
    assert settings.load().sample_s == 7
    slot("settings.b", 6, b'{"sample_s": 8}')
    assert settings.load().sample_s == 8


def damaged_slot_is_left_for_the_older():
    slot("settings.a", 5, b'{"sample_s": 7}')
    slot("settings.b", 6, b'{"sample_s": 8}')
    data = bytearray(files.read("settings.b"))
    data[-3] ^= 1
    files.write("settings.b", data)
    assert settings.load().sample_s == 7


def senseless_content_is_left_for_the_older():
    slot("settings.a", 5, b'{"sample_s": 7}')
    for text in (
        b"[]",
        b"nonsense",
        b'{"wifi": 5}',
        b'{"sample_s": "x"}',
        b'{"sample_s": 1e999}',
        b'{"hub": [1]}',
        b'{"calibration": {"a": 1}}',
    ):
        slot("settings.b", 6, text)
        assert settings.load().sample_s == 7, text


def intervals_are_bounded():
    slot("settings.a", 1, b'{"sample_s": 0, "set_s": 100000, "now_s": -5}')
    found = settings.load()
    assert (found.sample_s, found.set_s, found.now_s) == (2, 3600, 2)


def stored_beside_the_one_that_counts():
    slot("settings.a", 5, b'{"sample_s": 7}')
    assert slots.store("settings", b'{"sample_s": 9}', 5) == 6
    assert files.read("settings.b") is not None and settings.load().sample_s == 9
    assert slots.store("settings", b'{"sample_s": 11}', 6) == 7
    assert settings.load().sample_s == 11
    assert json.loads(files.read("settings.b").split(b"\n", 1)[1])["sample_s"] == 9


def the_kept_slot_is_never_written_over():
    """Not even when another one is newer: that one may be on trial, or senseless."""
    slot("settings.a", 5, b'{"sample_s": 7}')
    slot("settings.b", 6, b'{"sample_s": "x"}')
    assert settings.load().serial == 5
    assert slots.store("settings", b'{"sample_s": 9}', 5) == 7
    assert [serial for serial, _ in slots.texts("settings")] == [7, 5]
    slots.drop("settings", 7)
    assert settings.load().sample_s == 7


def senseless_settings_are_named():
    for text in (b"[", b"[]", b'{"wifi": 5}', b'{"calibration": {"3": [1]}}'):
        try:
            settings.check(text)
        except ValueError:
            continue
        raise AssertionError(text)
    settings.check(b'{"calibration": {"3": [2450000, 1100000, 2518]}}')


def a_calibration_may_carry_its_day():
    slot("settings.a", 1, b'{"calibration": {"3": [2450000, 1100000, 2518], "4": [2400000, 1000000]}}')
    assert settings.load().calibration == {3: (2450000, 1100000), 4: (2400000, 1000000)}


def a_full_flash_refuses_and_stays_as_it_was():
    slot("recipe.a", 5, b"old")
    ballast = 0
    try:
        while True:
            with open("ballast" + str(ballast), "wb") as file:
                file.write(bytes(4000))
            ballast += 1
    except OSError:
        files.remove("ballast" + str(ballast))
    held = sorted(files.listing("."))
    for _ in range(3):
        try:
            slots.store("recipe", b"n" * 9000, 5)
            raise AssertionError("there was room")
        except OSError as error:
            assert error.args[0] == 28, error
        assert sorted(files.listing(".")) == held
    assert list(slots.texts("recipe")) == [(5, b"old")]
    files.remove("ballast0")
    assert slots.store("recipe", b"n" * 4000, 5) == 6


def cut_while_storing_leaves_one_of_both():
    for name, old, new in (("settings", b"old", b"new"), ("recipe", b"o" * 3000, b"n" * 4000)):
        for cut_at in range(40):
            ramdisk.umount()
            disk = ramdisk.RamDisk(16)
            ramdisk.mount(disk, fresh=True)
            slot(name + ".a", 4, b"older")
            slot(name + ".b", 5, old)
            disk.operations = 0
            disk.cut_at = cut_at
            whole = True
            try:
                slots.store(name, new, 5)
            except OSError:
                whole = False
            ramdisk.umount()
            ramdisk.mount(ramdisk.RamDisk(image=disk.data))
            found = list(slots.texts(name))
            assert (5, old) in found
            assert found[0] == (6, new) if whole else found[0] in ((5, old), (6, new)), (name, cut_at)
            if whole:
                break
        assert 2 < cut_at < 39


ramdisk.mount(ramdisk.RamDisk(16), fresh=True)
globals()[sys.argv[1]]()
print("ok")
