"""The self-test that the hub asks for with CHECK. Loaded by main when the first one comes."""

import gc
import os

import esp32
from machine import Pin

from shared_protocol import maintenance as m
from shared_protocol import registry as g

_IDLE_MS = 60000  # then this part leaves


class Selftest:
    """A part of the main loop as long as it lives; `node` is main's Node."""

    def __init__(self, node):
        self._node = node
        self.due = node.clock.now() + _IDLE_MS

    def step(self, now):
        """Nobody asked for a while."""
        self._node.dismiss(self, "node.selftest", "shared_protocol.maintenance")

    def handle(self, link, header, body):
        """Answer a CHECK. Raises ProtocolError."""
        self.due = self._node.clock.now() + _IDLE_MS
        result = m.CheckResult(m.decode_check(body).id, rows(self._node))
        link.send(g.MSG_CHECK_RESULT, m.encode_check_result(result))
        return True


def rows(node):
    """Rows of CHECK_RESULT; no output is switched by it."""
    found = [(m.CHECK_SENSOR, c.id, 0 if c.fault else 1, c.value) for c in node.sense.channels]
    found += [(m.CHECK_FAULT, c.id, 0, c.fault) for c in node.sense.channels if c.fault]
    found += _outputs(node)
    for driver, indexes in node.sense.drivers:
        if hasattr(driver, "median"):  # a soil probe, measured now: somebody may be calibrating it
            uv = driver.median()
            bad = driver.judge(uv)[1] in (g.FAULT_SHORTED, g.FAULT_OPEN)
            found.append((m.CHECK_PROBE, node.sense.channels[indexes[0]].id, 0 if bad else 1, uv // 1000))
    if hasattr(os, "statvfs"):
        flash = os.statvfs(".")
        found.append((m.CHECK_FLASH, 0, 1, flash[0] * flash[3] // 1024))
    if hasattr(gc, "mem_free"):
        gc.collect()
        found.append((m.CHECK_HEAP, 0, 1, gc.mem_free()))
    if hasattr(esp32, "idf_heap_info"):
        found.append((m.CHECK_IDF_HEAP, 0, 1, sum([region[1] for region in esp32.idf_heap_info(esp32.HEAP_DATA)])))
    rssi = node.radio.rssi()
    found.append((m.CHECK_RADIO, 0, 0 if rssi is None else 1, rssi))
    found.append((m.CHECK_JOINS, 0, 1, node.radio.joins))
    found.append((m.CHECK_SETTINGS, 0, 1 if node.settings.serial else 0, None))
    found.append((m.CHECK_RECIPE, 0, 1 if node.recipe.serial else 0, len(node.recipe.rules)))
    journal = node.recorder.journal
    found.append((m.CHECK_JOURNAL, 0, 0 if node.recorder.failed else 1, journal.next - journal.first))
    found.append((m.CHECK_LOST, 0, 0 if journal.lost else 1, journal.lost))
    found.append((m.CHECK_RESETS, node.reset.cause, 0 if node.reset.bad else 1, node.reset.bad))
    found.append((m.CHECK_CLOCK, 0, 0 if node.clock.wall_ms(0) is None else 1, None))
    state = node.status.image[8]
    found.append((m.CHECK_IMAGE, state, 0 if state == g.IMAGE_SPARE else 1, None))
    if node.board.stop_pin is not None:
        found.append((m.CHECK_STOP_INPUT, 0, 0 if node.stop.pressed else 1, None))
    return found


def _outputs(node):
    """Does each pin read back what the node orders?"""
    found = []
    entries = {entry["id"]: entry for entry in node.board.actuators}
    for actuator in node.actuators.all:
        entry = entries[actuator.id]
        on = actuator.history.on
        level = 1 if entry.get("on_level", 1) else 0
        same = Pin(entry["pin"]).value() == (level if on else 1 - level)
        found.append((m.CHECK_ACTUATOR, actuator.id, 1 if same else 0, on))
    return found
