"""The seam of a simulated board: clock, pins, world, faults and the two logs that tests read (for run.py and modules/).

One Harness per process, kept in `harness.board`. It knows the wiring (spec["wiring"], the checked board file), so that
a driver's pin leads to the right quantity of the world. Logs lie on the host, outside the flash, one JSON line each:
truth.jsonl (what each sensor gave out) and trace.jsonl (a mark per boot, then every edge of an output pin).
"""

import json

from boards.simulated import host, parts, past, world
from boards.simulated.clock import Clock
from boards.simulated.loopmeter import LoopMeter
from boards.simulated.replay import Replay

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
WORLD_SAVE_S = 600
BREAK_DOWN_MS = 50
HAND = {"temperature": 4, "humidity": 12, "moisture": 15}  # what a warm, moist hand around a sensor adds (fault "hand")
FAULTS_LOOK_US = 200_000
DAY_MS = 86_400_000
WDT_NOTE_US = 500_000  # the note of the last feeding is at most this old, see process.NodeProcess

board = None


class Harness:
    """Everything behind the pins. spec: see process.SimulatedNode.write_spec."""

    def __init__(self, spec):
        self.spec = spec
        self.folder = spec["folder"]
        self.faults = {}
        self._faults_seen = None
        self._faults_looked_us = 0
        self._script = list(spec.get("script", ()))
        self._before = past.ending(self.folder)
        self.cause = self._before.get("cause", PWRON_RESET)
        self.lost_power = self.cause == PWRON_RESET and not self._before.get("brownout")
        self.boot = past.next_boot(self.folder)
        self.start_ms = past.resumes_ms(self.folder, self._before, spec["speed"])
        self.clock = self._make_clock()
        self.noise = world.Noise(spec["seed"] * 31 + self.boot)
        self.truth = host.open_file(self.folder + "/truth.jsonl", "a")
        self.trace = host.open_file(self.folder + "/trace.jsonl", "a")
        self.actuators = {item["pin"]: item for item in spec["wiring"]["actuators"]}
        self.world = self._make_world()
        self._world_saved_s = self.world.t_s
        self.levels = {}
        self._contacts = {
            c["pin"]: parts.Contact(self, c) for c in spec["wiring"]["channels"] if c["driver"] == "contact"
        }
        self._meters = {}
        self._drawn = {}  # {relay pin: its armature is drawn}
        self._failing_ms = None
        self.wdt_ms = None
        self._wdt_noted_us = -WDT_NOTE_US
        self.meter = LoopMeter(host.ticks_us)
        self._next_stat_ms = (self.start_ms // DAY_MS + 1) * DAY_MS
        self._mark_boot()

    # --- how this boot starts ---

    def _make_clock(self):
        begin_ms = max(self.spec["prefill_s"] * 1000, self.start_ms + self.spec["boot_ms"])
        switch_ms = None if self.spec["virtual"] else begin_ms
        clock = Clock(self.start_ms, switch_ms, self.spec["speed"], host.ticks_us, host.sleep_us)
        clock.on_real = self._anchor
        clock.on_alarm = self.watchdog_bites
        clock.on_pass = self.look_around
        return clock

    def _anchor(self):
        """Real time begins: from now on t_ms and the PC's clock go together, also over power cuts."""
        if host.modified(self.folder + "/anchor") is None:
            line = {"t_ms": max(self.start_ms, self.spec["prefill_s"] * 1000), "unix_s": host.unix_s()}
            host.replace_file(self.folder + "/anchor", json.dumps(line))

    def _make_world(self):
        spec = self.spec
        wired = [item["kind"] for item in self.actuators.values()]
        replay = None
        if spec.get("replay"):
            replay = Replay(host.open_file(spec["replay"]), spec["replay_step_s"])
        made = world.make(spec["world"], self.start_ms, wired, spec["seed"], replay)
        saved = host.read_file(self.folder + "/world")
        if saved and not replay:
            made.restore(json.loads(saved))
        elif not replay:
            made.t_s = self.start_ms // 1000
        made.advance(self.start_ms)
        return made

    def _mark_boot(self):
        pins = self._before.get("pins", {}) if self.cause == SOFT_RESET else {}
        mark = {"t_ms": self.start_ms, "boot": self.boot, "start": self.cause}
        self._write(self.trace, json.dumps(mark) + "\n")
        for number, level in pins.items():
            self.levels[int(number)] = level
        for item in self.actuators.values():
            self.levels.setdefault(item["pin"], 1 - item["on_level"])
            self.world.switch(item["kind"], self.levels[item["pin"]] == item["on_level"])
        if "wdt_ms" in self._before and self.cause == SOFT_RESET:
            self.arm(self._before["wdt_ms"])

    # --- pins ---

    def edge(self, pin, level):
        """The wire of an output pin is at level now; edges are traced (not the LED's), relays act."""
        if self.levels.get(pin) == level:
            return
        self.levels[pin] = level
        if pin == self.spec["wiring"]["led"]:
            self._notice("led", pin, level)
            return
        now = self.clock.now_ms()
        self._write(self.trace, '{"t_ms": %d, "boot": %d, "pin": %d, "level": %d}\n' % (now, self.boot, pin, level))
        if not level:
            self._unlock(pin)
        item = self.actuators.get(pin)
        if item:
            self._relay(item, now)
            self._strain(pin, now)

    def _relay(self, item, now_ms):
        """What hangs on a relay follows its pin; a welded one (fault "welded@26") conducts whatever the pin says, and
        without supply on the relay board (fault "relay_power": "off") none moves, nor clicks.
        """
        pin = item["pin"]
        drawn = self.levels[pin] == item["on_level"] and self.faults.get("relay_power") != "off"
        if drawn != self._drawn.get(pin, False):
            self._notice("click", pin, int(drawn))
        self._drawn[pin] = drawn
        self.let_water_run(now_ms)
        self.world.advance(now_ms)
        self.world.switch(item["kind"], drawn or bool(self.faults.get("welded@%d" % pin)))

    def _notice(self, what, pin, level):
        """noticed.jsonl: what a person beside the board hears and sees, while there is one (fault "witness")."""
        if self.faults.get("witness"):
            line = {"t_ms": self.clock.now_ms(), "what": what, "pin": pin, "level": level}
            with host.open_file(self.folder + "/noticed.jsonl", "a") as file:
                file.write(json.dumps(line) + "\n")

    def _strain(self, pin, now_ms):
        """Fault "reset_at_switch@26": n: the supply dips 50 ms after this relay switches, n times; null: count anew."""
        name = "reset_at_switch@%d" % pin
        if not self.faults.get(name):
            return
        done = json.loads(host.read_file(self.folder + "/strained") or "{}")
        if done.get(name, 0) < self.faults[name]:
            done[name] = done.get(name, 0) + 1
            host.replace_file(self.folder + "/strained", json.dumps(done))
            self._failing_ms = now_ms + BREAK_DOWN_MS

    def _unlock(self, power_pin):
        """A sensor whose supply goes off forgets that it was locked up."""
        for channel in self.spec["wiring"]["channels"]:
            name = "%s@%d" % (channel["driver"], channel.get("pin", -1))
            if channel.get("power_pin") == power_pin and self.faults.get(name) == "locked":
                del self.faults[name]

    def input_level(self, pin, pulled_up):
        """What an input pin reads: a fault "pin:27" sets it; a normally closed stop input rests at 0."""
        forced = self.faults.get("pin:%d" % pin)
        if forced is not None:
            return forced
        if pin == self.spec["wiring"].get("stop_pin"):
            return 0
        if pin in self._contacts:
            return self._contacts[pin].level()
        return 1 if pulled_up else 0

    def on_pulses(self, pin, handler):
        """The firmware counts the pulses of the water meter on this pin; any other pin never changes by itself."""
        channels = self.sensors("flow", pin.id)
        if channels:
            self._meters[pin.id] = parts.WaterMeter(self, channels[0], lambda: handler(pin))

    def let_water_run(self, now_ms):
        """Give the pulses of the time up to now, before the flow changes."""
        for meter in self._meters.values():
            meter.turn(now_ms)

    # --- sensors ---

    def sensors(self, driver, pin):
        """The wired channels of one sensor: those of this driver (or one of a tuple of drivers) on this pin."""
        drivers = driver if isinstance(driver, tuple) else (driver,)
        return [c for c in self.spec["wiring"]["channels"] if c["driver"] in drivers and c.get("pin") == pin]

    def measure(self, channel):
        """The world's value for a wired channel now, in °C or %; None when the recorded log has none."""
        self.world.advance(self.clock.now_ms())
        if self.world.t_s - self._world_saved_s >= WORLD_SAVE_S:
            self._save_world()
        place = self._where(channel)
        value = self.world.value(channel["kind"], place)
        if value is not None and place and self.fault("hand") == place:
            value += HAND.get(channel["kind"].rsplit("_", 1)[-1], 0)
        return value

    def _where(self, channel):
        """The place where the sensor of a channel really is; fault "exchanged": [3, 4] has two plugs changed over."""
        pair = self.fault("exchanged") or ()
        other = pair[1 - pair.index(channel["id"])] if channel["id"] in pair else channel["id"]
        return [c.get("place", "") for c in self.spec["wiring"]["channels"] if c["id"] == other][0]

    def fault(self, name):
        """The fault that is set on a sensor, machine or part ("dht22@4", "wifi", …); None when it is well."""
        self._look_at_faults()
        return self.faults.get(name)

    def produced(self, channel, tenths, fault=None):
        """Log what a sensor gave out for a channel: an integer in tenths, or None with the fault that was played."""
        line = '{"t_ms": %d, "boot": %d, "channel": %d, "kind": "%s", "value": %s%s}\n' % (
            self.clock.now_ms(),
            self.boot,
            channel["id"],
            channel["kind"],
            "null" if tenths is None else tenths,
            ', "fault": "%s"' % fault if fault else "",
        )
        if self.spec.get("truth", True):
            self._write(self.truth, line)

    # --- time passing: scripted and live faults, statistics ---

    def look_around(self):
        """Called whenever time passed: faults from the script and the file, a line of statistics per day."""
        now_ms = self.clock.now_ms()
        if self._failing_ms is not None and now_ms >= self._failing_ms:
            self.break_down()
        if self._meters:
            self.let_water_run(now_ms)
        while self._script and self._script[0][0] * 1000 <= now_ms:
            at_s, changes = self._script.pop(0)
            self._set_faults(changes)
            if "interrupt" in changes and at_s * 1000 > self.start_ms:
                raise KeyboardInterrupt  # Ctrl-C at the serial port
            if "reset" in changes and at_s * 1000 > self.start_ms:
                self.reset_from_outside(*changes["reset"])
        self._look_at_faults()
        if now_ms >= self._next_stat_ms:
            self._next_stat_ms += DAY_MS
            self.write_stat(now_ms)

    def _look_at_faults(self):
        now = host.ticks_us()
        if now - self._faults_looked_us < FAULTS_LOOK_US:
            return
        self._faults_looked_us = now
        seen = host.modified(self.folder + "/faults.json")
        if seen is not None and seen != self._faults_seen:
            self._faults_seen = seen
            self._set_faults(json.loads(host.read_file(self.folder + "/faults.json")))

    def _set_faults(self, changes):
        for name, value in changes.items():
            if name in ("reset", "interrupt"):
                continue
            if value is None:
                self.faults.pop(name, None)
                self._forget_strain(name)
            else:
                self.faults[name] = value
        now_ms = self.clock.now_ms()
        self.let_water_run(now_ms)
        self.world.blocked = tuple(n[8:] for n in self.faults if n.startswith("machine:"))
        self.world.dry = self.faults.get("tank") == "empty"
        for item in self.actuators.values():
            self._relay(item, now_ms)

    def _forget_strain(self, name):
        text = host.read_file(self.folder + "/strained")
        if text and name in text:
            done = json.loads(text)
            done.pop(name)
            host.replace_file(self.folder + "/strained", json.dumps(done))

    def write_stat(self, now_ms):
        """One line of stats.jsonl: heap after a collection, and how long the loop's steps took on this PC."""
        host.real_gc.collect()
        line = {"t_ms": now_ms, "free": host.real_gc.mem_free(), "alloc": host.real_gc.mem_alloc()}
        line.update(self.meter.take())
        with host.open_file(self.folder + "/stats.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")

    # --- watchdog and resets ---

    def arm(self, timeout_ms):
        self.wdt_ms = timeout_ms
        self._wdt_noted_us = host.ticks_us() - WDT_NOTE_US - 1
        self.feed()

    def feed(self):
        self.clock.alarm_us = None
        now_us = self.clock.now_us()
        self.clock.alarm_us = now_us + self.wdt_ms * 1000
        if host.ticks_us() - self._wdt_noted_us > WDT_NOTE_US:
            self._wdt_noted_us = host.ticks_us()
            note = {"boot": self.boot, "t_ms": now_us // 1000, "unix_s": host.unix_s(), "timeout_ms": self.wdt_ms}
            host.replace_file(self.folder + "/wdt", json.dumps(note))

    def watchdog_bites(self):
        print("simulated board: watchdog reset")
        self.reset(WDT_RESET)

    def break_down(self):
        """The supply dips: a power-on reset for the chip, but RTC memory survives it."""
        self.reset(PWRON_RESET, brownout=True)
        host.die()

    def reset_from_outside(self, cause, gap_ms=0, brownout=False):
        """Script {"reset": [cause, ms, brownout]}: the power goes (1) for so long, or only dips so that RTC memory
        survives, or somebody resets the chip or its program.
        """
        self.reset(cause, gap_ms, brownout)
        host.die()

    def reset(self, cause, gap_ms=0, brownout=False):
        """Leave a note for the next boot and end the process; for a soft reset the caller ends it gently."""
        self.clock.alarm_us = None
        now_ms = self.clock.now_ms() if self._failing_ms is None else self._failing_ms
        spent = self.flash.erases + self.flash.programs if hasattr(self, "flash") else 0
        line = '{"t_ms": %d, "boot": %d, "end": %d, "flash": %d}\n' % (now_ms, self.boot, cause, spent)
        self._write(self.trace, line)
        note = {"cause": cause, "t_ms": now_ms + gap_ms, "brownout": brownout}
        if cause == SOFT_RESET:
            note["pins"] = {str(pin): level for pin, level in self.levels.items()}
            if self.wdt_ms:
                note["wdt_ms"] = self.wdt_ms
        self._save_world()
        host.replace_file(self.folder + "/reset", json.dumps(note))
        if cause != SOFT_RESET:
            host.die()

    def _save_world(self):
        self._world_saved_s = self.world.t_s
        host.replace_file(self.folder + "/world", json.dumps(self.world.state()))

    def _write(self, file, line):
        file.write(line)
        if not host.MICROPYTHON:
            file.flush()
