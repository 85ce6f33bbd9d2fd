"""Rules: what a machine does by itself, in words a farmer uses; made from a node's recipe for pages and the API."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.recipes.check import SIDES
from hub.recipes.document import Recipe, Rule, Window
from hub.recipes.machinery import Machine, Machinery, Sensor
from hub.web.machines import family
from hub.web.words import Words, in_sentence

EVERY_DAY = 127
DAY_MIN = 1440


@dataclass(frozen=True)
class RuleWords:
    """A rule in words: when it runs, and what else holds."""

    actuator: int
    machine: str
    kind: str
    lead: str
    more: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (self.lead, *self.more)


def recipe_words(words: Words, recipe: Recipe, machinery: Machinery) -> list[RuleWords]:
    """Every rule; machines of the node that have none only obey people."""
    told = [rule_words(words, rule, machinery) for rule in recipe.rules]
    without = [Rule(one.id) for one in machinery.machines if recipe.rule(one.id) is None]
    return told + [rule_words(words, rule, machinery) for rule in without]


def rule_words(words: Words, rule: Rule, machinery: Machinery) -> RuleWords:
    """One rule."""
    machine = machinery.machine(rule.actuator)
    kind = machine.kind if machine else "other"
    said = _Rule(words, rule, machinery)
    return RuleWords(rule.actuator, said.machine, kind, " ".join((said.lead(), *said.asking())), tuple(said.more()))


def machine_name(words: Words, machine: Machine | None, actuator: int = 0) -> str:
    """Its own name, else that of its kind; a machine that the node never told of by its number."""
    if machine is None:
        return f"{words.say('actuator.other')} {actuator}"
    return machine.name or words.first(f"actuator.{machine.kind}", "actuator.other")


def sensor_name(words: Words, sensor: Sensor | None, machinery: Machinery, channel: int = 0) -> str:
    """The name of its kind, and its place where the node has several of the kind."""
    if sensor is None:
        return f"{words.say('kind.other')} {channel}"
    name = words.first(f"kind.{sensor.kind}", "kind.other")
    if sum(one.kind == sensor.kind for one in machinery.sensors) > 1 and sensor.place:
        return words.say("kind.at", kind=name, place=sensor.place)
    return name


def common(name: str) -> str:
    """A common noun inside a sentence: "Khí CO₂" → "khí CO₂", "CO₂" stays."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def clock(minute: int) -> str:
    """A minute of the day: 300 → "5:00"."""
    return f"{minute // 60}:{minute % 60:02d}"


def days(words: Words, mask: int) -> str:
    """Weekdays of a mask: "mỗi ngày", "Thứ Hai, Thứ Ba"."""
    if mask & EVERY_DAY == EVERY_DAY:
        return words.say("rule.every_day")
    return ", ".join(words.say(f"weekday.{day}") for day in range(7) if mask >> day & 1)


class _Rule:
    """One rule while its sentences are made."""

    def __init__(self, words: Words, rule: Rule, machinery: Machinery) -> None:
        self.words, self.rule, self.machinery = words, rule, machinery
        self.machine = machine_name(words, machinery.machine(rule.actuator), rule.actuator)
        self.sensor = machinery.sensor(rule.sensors[0]) if rule.sensors else None

    def lead(self) -> str:
        """When it runs by itself and how long each time."""
        words, rule = self.words, self.rule
        shown = in_sentence(self.machine) if words.language == "vi" else self.machine
        if rule.windows and not rule.gate:
            what = words.say("rule.scheduled", machine=shown, times=self._times(rule.windows))
        elif rule.by_day:
            what = words.say("rule.on", machine=shown, when=self._when(""))
        elif rule.has_threshold:
            what = words.say("rule.on_night", machine=shown, when=self._when("night_"), **self._night())
        elif rule.serves:
            what = words.say("rule.serves", machines=self._machines(rule.serves)).rstrip(".")
        else:
            return words.say("rule.by_people", machine=self.machine)
        how = self._run()
        return (words.say("rule.runs", what=what, how=how) if how else what) + "."

    def _run(self) -> str:
        words, rule = self.words, self.rule
        least = words.say("rule.at_least", least=words.length(rule.min_on_s)) if rule.min_on_s else ""
        most = words.say("rule.at_most", most=words.length(rule.max_on_s)) if rule.max_on_s else ""
        return words.say("rule.between", least=least, most=most) if least and most else least or most

    def more(self) -> Iterator[str]:
        """Everything else that the rule says."""
        yield from self._limits()
        yield from self._guards()
        yield from self._sensing()
        if self.rule.sensors:
            yield self._fault()
        yield from self._people()
        yield from self._response()

    # -- when it asks

    def asking(self) -> Iterator[str]:
        """Hours, night, pulses and masters: when it asks for ON beside the main sentence."""
        words, rule = self.words, self.rule
        if rule.windows and rule.gate:
            yield words.say("rule.gate", times=self._times(rule.windows))
        elif rule.windows and rule.by_day:
            yield words.say("rule.also", when=self._when(""))
        if rule.night_from is not None and (rule.by_day or (rule.windows and not rule.gate)):
            yield words.say("rule.night", when=self._when("night_"), **self._night())
        if rule.width and rule.period_s:
            width = self._value(rule.width, self.sensor)
            yield words.say("rule.width", period=words.length(rule.period_s), width=width)
        elif rule.pulse_s and rule.period_s:
            yield words.say("rule.pulses", pulse=words.length(rule.pulse_s), period=words.length(rule.period_s))
        if rule.serves and (rule.has_threshold or rule.windows):
            yield words.say("rule.serves", machines=self._machines(rule.serves))
        yield from self._lengths(("rule.lead", "lead", rule.lead_s), ("rule.lag", "lag", rule.lag_s))

    def _night(self) -> dict[str, str]:
        return {"from_": clock(self.rule.night_from or 0), "to": clock(self.rule.night_to or 0)}

    def _when(self, prefix: str) -> str:
        """Both sides of a threshold: "nóng hơn 30 °C, tắt khi dưới 28,5 °C"."""
        said = []
        for on, off, sign in SIDES:
            start, end = getattr(self.rule, prefix + on), getattr(self.rule, prefix + off)
            if start is not None and end is not None:
                said.append(self._side("above" if sign > 0 else "below", start, end))
        return self.words.say("rule.or", one=said[0], other=said[1]) if len(said) > 1 else "".join(said)

    def _side(self, side: str, start: int, end: int) -> str:
        kind = self.sensor.kind if self.sensor else "other"
        named = common(self._channel(self.rule.sensors[0] if self.rule.sensors else 0))
        subject = self.words.first(f"rule.subject.{kind}", "rule.subject.other", kind=named)
        on, off = self._value(start, self.sensor), self._value(end, self.sensor)
        return self.words.say(f"rule.{side}.{family(kind)}", subject=subject, on=on, off=off)

    def _times(self, windows: tuple[Window, ...]) -> str:
        shown = [self._window(one, windows) for one in windows]
        return ", ".join(shown[:-1]) + (", " if len(shown) > 1 else "") + shown[-1]

    def _window(self, one: Window, windows: tuple[Window, ...]) -> str:
        """A window; the days only once when all windows have the same."""
        same = one is not windows[-1] and len({window[2] for window in windows}) == 1
        said = "" if same else days(self.words, one[2])
        return self.words.say("rule.window", from_=clock(one[0]), to=clock(one[1] % DAY_MIN), days=said).strip()

    # -- limits and guards

    def _limits(self) -> Iterator[str]:
        rule = self.rule
        yield from self._lengths(
            ("rule.rest", "rest", rule.rest_s),
            ("rule.min_off", "least", rule.min_off_s),
            ("rule.cap", "cap", rule.cap_s),
        )

    def _guards(self) -> Iterator[str]:
        words, rule = self.words, self.rule
        if rule.apart:
            yield words.say("rule.apart", machines=self._machines(rule.apart))
        yield from self._lengths(("rule.settle", "settle", rule.settle_s))
        if rule.needs is not None:
            sensor = self.machinery.sensor(rule.needs)
            water = sensor is not None and sensor.kind == "water_level"
            least = self._value(rule.needs_min or 0, sensor)
            code = "rule.needs_water" if water else "rule.needs"
            yield words.say(code, channel=common(self._channel(rule.needs)), least=least)
        if rule.pause_channel is not None and rule.pause_above is not None and rule.pause_s is not None:
            sensor = self.machinery.sensor(rule.pause_channel)
            code = "rule.pause_rain" if sensor is not None and sensor.kind == "rain" else "rule.pause"
            places = {"above": self._value(rule.pause_above, sensor), "span": words.length(rule.pause_s)}
            yield words.say(code, channel=self._channel(rule.pause_channel), **places)

    # -- sensors and their faults

    def _sensing(self) -> Iterator[str]:
        words, rule = self.words, self.rule
        ids = rule.sensors or ()
        shown = ", ".join(common(self._channel(one)) for one in ids)
        if len(ids) > 1:
            agree = self._value(rule.agree or 0, self.sensor)
            yield words.say(f"rule.{rule.pick or 'first'}", sensors=shown, agree=agree)
        elif (
            ids and sum(self.sensor is not None and one.kind == self.sensor.kind for one in self.machinery.sensors) > 1
        ):
            yield words.say("rule.sensor", sensors=shown)
        if (rule.confirm or 1) > 1:
            yield words.say("rule.confirm", n=rule.confirm)
        yield from self._lengths(("rule.max_age", "age", rule.max_age_s))

    def _fault(self) -> str:
        words, rule = self.words, self.rule
        if rule.fault in ("on", "duty") and rule.fault_on_s and rule.fault_off_s:
            on, off = words.length(rule.fault_on_s), words.length(rule.fault_off_s)
            return words.say("rule.fault.cycle", on=on, off=off)
        if rule.fault == "hold":
            return words.say("rule.fault.hold", hold=words.length(rule.fault_hold_s or 0))
        return words.say(f"rule.fault.{rule.fault}" if rule.fault in ("off", "on") else "rule.fault.board")

    def _people(self) -> Iterator[str]:
        yield from self._lengths(("rule.lease", "lease", self.rule.lease_s), ("rule.hold", "hold", self.rule.hold_s))
        if self.rule.by_hand:
            yield self.words.say("rule.by_hand")

    def _response(self) -> Iterator[str]:
        words, rule = self.words, self.rule
        if rule.check_channel is None:
            return
        sensor = self.machinery.sensor(rule.check_channel)
        channel, span = common(self._channel(rule.check_channel)), words.length(rule.check_s or 0)
        if rule.check_by:
            code = "level" if rule.check_level else "rise" if rule.check_by > 0 else "fall"
            by = rule.check_by if rule.check_level else abs(rule.check_by)
            yield words.say(f"rule.check_{code}", span=span, channel=channel, by=self._value(by, sensor))
        if rule.stuck_by:
            code = "rule.stuck_level" if rule.check_level else "rule.stuck"
            yield words.say(code, channel=channel, by=self._signed(rule.stuck_by, sensor))

    # -- parts of sentences

    def _lengths(self, *asked: tuple[str, str, int | None]) -> Iterator[str]:
        for code, place, seconds in asked:
            if seconds:
                yield self.words.say(code, **{place: self.words.length(seconds)})

    def _channel(self, id: int) -> str:
        return sensor_name(self.words, self.machinery.sensor(id), self.machinery, id)

    def _machines(self, ids: Iterable[int]) -> str:
        named = (machine_name(self.words, self.machinery.machine(one), one) for one in ids)
        return ", ".join(in_sentence(name) for name in named)

    def _value(self, value: int, sensor: Sensor | None) -> str:
        """A limit, exact: "30 °C", "28,5 °C"."""
        return limit(self.words, value, sensor)

    def _signed(self, value: int, sensor: Sensor | None) -> str:
        return ("+" if value > 0 and not self.rule.check_level else "") + self._value(value, sensor)


def limit(words: Words, value: int, sensor: Sensor | None) -> str:
    """A threshold with its unit, without zeros at its end: a limit is exact, unlike a reading."""
    if sensor is None:
        return words.number(value)
    if sensor.unit == "on_off":
        return words.figure(value, sensor.scale, sensor.unit)
    return quantity(words, value, sensor.scale, sensor.unit)


def quantity(words: Words, value: int, scale: int, unit: str) -> str:
    """A number in 10**`scale` of a unit, exact and short; unit "second" is a length of time."""
    if unit == "second":
        return words.length(value)
    while scale < 0 and value % 10 == 0:
        value, scale = value // 10, scale + 1
    sign = words.unit(unit)
    return words.number(value, scale) + (f"\u00a0{sign}" if sign else "")
