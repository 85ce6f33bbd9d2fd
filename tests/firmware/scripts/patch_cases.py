"""Patches of settings, merged into what is in force: one case each, named by argv[1], on a littlefs in RAM."""

import hashlib
import json
import sys

import ramdisk
from node import files, settings, slots, upkeep

from shared_protocol import maintenance as m
from shared_protocol import registry as g
from shared_protocol.wire import Reader, find

USB = {"hub": ["10.0.0.2", 47470], "sample_s": 10, "set_s": 60, "wifi": [["cu", "mat-khau-cu"]]}


class Node:
    """What upkeep asks of main's Node while it takes settings."""

    def __init__(self):
        self.events = []
        self.clock = self.recorder = self
        self.settings = settings.load()

    def now(self):
        return 0

    def event(self, code, fields):
        self.events.append((code, fields))


class Link:
    def send(self, type, body):
        self.body = body


class Header:
    type = g.MSG_SETTINGS


def hash_of(text):
    return hashlib.sha256(text).digest()[:8]


def born(known):
    """(node, its upkeep) with these settings in force."""
    files.remove(upkeep.TRIAL)
    slots.store(settings.NAME, json.dumps(known).encode(), 0)
    node = Node()
    return node, upkeep.Upkeep(node)


def send(part, patch):
    """(code, hash of the settings that it leads to) from the acknowledgement of a patch."""
    text = json.dumps(patch).encode()
    link = Link()
    part.handle(link, Header, m.encode_settings(m.Settings(hash_of(text), 0, len(text), text)))
    answer = m.decode_settings_ack(link.body)
    assert answer.hash == hash_of(text)
    return answer.code, find(Reader(link.body[9:]).tlvs(), g.TLV_SETTINGS_HASH)


def newest():
    for _, text in slots.texts(settings.NAME):
        return json.loads(text)


def what_the_hub_never_saw_stays():
    node, part = born(USB)
    code, leads_to = send(part, {"patch": 1, "set_s": 120})
    assert code == g.RESULT_OK
    assert newest() == dict(USB, set_s=120)
    assert settings.load().hash == leads_to and leads_to != node.settings.hash
    assert node.events == [(g.EVENT_SETTINGS, (leads_to,))]
    assert node.settings.set_s == 60 and files.read(upkeep.TRIAL) is not None  # on trial, not in force yet


def a_new_network_goes_before_the_old_one():
    node, part = born(USB)
    send(part, {"patch": 1, "wifi": [["moi", "mat-khau-moi"]]})
    assert settings.load().wifi == [("moi", "mat-khau-moi"), ("cu", "mat-khau-cu")]


def the_same_name_with_another_password_keeps_both():
    node, part = born(USB)
    send(part, {"patch": 1, "wifi": [["cu", "mat-khau-moi"]]})
    assert settings.load().wifi == [("cu", "mat-khau-moi"), ("cu", "mat-khau-cu")]


def a_known_network_comes_to_the_front_and_few_are_kept():
    names = [["n" + str(i), "mat-khau-" + str(i)] for i in range(4)]
    node, part = born(dict(USB, wifi=names[:3]))
    send(part, {"patch": 1, "wifi": [names[1]]})
    assert [name for name, _ in settings.load().wifi] == ["n1", "n0", "n2"]
    node, part = born(dict(USB, wifi=names[:3]))
    send(part, {"patch": 1, "wifi": [names[3]]})
    assert [name for name, _ in settings.load().wifi] == ["n3", "n0", "n1"]


def a_calibration_changes_its_own_channel_alone():
    node, part = born(dict(USB, calibration={"3": [2450000, 1100000], "4": [2400000, 1000000, 2000]}))
    send(part, {"patch": 1, "calibration": {"4": [2300000, 1200000, 2500], "5": [2200000, 900000, 2500]}})
    assert settings.load().calibration == {3: (2450000, 1100000), 4: (2300000, 1200000), 5: (2200000, 900000)}
    assert newest()["calibration"]["4"] == [2300000, 1200000, 2500]


def a_patch_that_changes_nothing_is_taken_and_stores_nothing():
    node, part = born(dict(USB, calibration={"3": [2450000, 1100000, 5]}))
    for patch in ({"set_s": 60}, {"wifi": USB["wifi"]}, {"calibration": {"3": [2450000, 1100000, 5]}}, {}):
        assert send(part, dict(patch, patch=1)) == (g.RESULT_OK, node.settings.hash)
    assert node.events == [] and files.read(upkeep.TRIAL) is None and settings.load().serial == node.settings.serial


def without_the_mark_it_is_complete():
    node, part = born(USB)
    assert send(part, {"set_s": 120})[0] == g.RESULT_OK
    assert newest() == {"set_s": 120}


def senseless_patches_are_refused_and_change_nothing():
    node, part = born(USB)
    for patch in ({"wifi": 5}, {"wifi": [[]]}, {"sample_s": "x"}, {"calibration": {"a": 1}}, {"calibration": 7}):
        code, leads_to = send(part, dict(patch, patch=1))
        assert code in (g.RESULT_MALFORMED, g.RESULT_FAULT) and leads_to is None, patch
    assert newest() == USB and node.events == [] and files.read(upkeep.TRIAL) is None


def merged_into_what_is_in_force_not_into_a_senseless_newer_slot():
    slots.store(settings.NAME, json.dumps(USB).encode(), 0)
    slots.store(settings.NAME, b'{"wifi": 5}', 1)
    node = Node()
    send(upkeep.Upkeep(node), {"patch": 1, "set_s": 120})
    assert newest() == dict(USB, set_s=120)


def a_node_without_any_settings_takes_a_patch():
    node = Node()
    send(upkeep.Upkeep(node), {"patch": 1, "set_s": 120})
    assert newest() == {"set_s": 120}


ramdisk.mount(ramdisk.RamDisk(16), fresh=True)
globals()[sys.argv[1]]()
print("ok")
