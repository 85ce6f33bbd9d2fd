"""Probes: the guided dialogue that calibrates a soil probe in its own soil – dry, saturated, then the scale.

The steps lie in the address (`dry`, `wet`, in mV), so it works without scripts and on two phones at once; a value is
taken from what the probe gives out at that moment, never from the form.
"""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.checks import Probe
from hub.errors import HubError
from hub.fleet import Node
from hub.live import ChannelNow
from hub.rights import needs
from hub.settings import calibration
from hub.settings.calibration import Calibration
from hub.settings.changes import OPEN
from hub.web import failures, here
from hub.web.failures import BadRequest
from hub.web.pages.node_settings import is_probe
from hub.web.pages.orders import by
from hub.web.words import whole_number

pages = Blueprint("probes", __name__)

PATH = "/nodes/<int:number>/channels/<int:channel>/calibration"
RESTS_S = 600.0  # so long the page shows what was done instead of the first step
STEPS = ("dry", "wet")
MARKS = (0, 25, 50, 75, 100)  # percent, for the scale that is shown before it is sent


class NoProbe(HubError):
    code = "error.no_probe"
    text = "Channel {channel} of this device is not a soil probe, or the device has not told of it yet."


class NotSteady(HubError):
    code = "error.not_steady"
    text = "The value does not stand still yet. Wait until it does, then take it."


@dataclass(frozen=True)
class Ends:
    """What was taken so far, in mV."""

    dry: int | None
    wet: int | None

    @property
    def step(self) -> int:
        return 1 if self.dry is None else 2 if self.wet is None else 3


@pages.get(PATH)
@needs("technician")
def show(number: int, channel: int) -> ResponseReturnValue:
    node, found = _probe_of(number, channel)
    ends = Ends(request.args.get("dry", type=whole_number), request.args.get("wet", type=whole_number))
    wrong = ""
    if ends.step == 3:
        wrong = _wrong(ends)
    return _page(node, found, ends, wrong)


@pages.post(f"{PATH}/take")
@needs("technician")
def take(number: int, channel: int) -> ResponseReturnValue:
    """Form: `step`, "dry" or "wet", and `dry` when it was taken already."""
    node, found = _probe_of(number, channel)
    step = request.form.get("step", "")
    if step not in STEPS:
        raise BadRequest(detail=f"step={step[:20]}")
    ends = Ends(request.form.get("dry", type=whole_number), None)
    try:
        value = _steady(here.hub().checks.probe(number, channel))
    except HubError as error:
        return _page(node, found, ends, failures.text(error)), failures.status(error)
    taken = {"dry": value} if step == "dry" else {"dry": ends.dry, "wet": value}
    return redirect(url_for("probes.show", number=number, channel=channel, **taken), 303)


@pages.post(PATH)
@needs("technician")
def save(number: int, channel: int) -> ResponseReturnValue:
    """Form: `dry` and `wet` in mV."""
    node, found = _probe_of(number, channel)
    dry, wet = request.form.get("dry", type=whole_number), request.form.get("wet", type=whole_number)
    if dry is None or wet is None:
        raise BadRequest(detail="dry, wet")
    try:
        here.hub().calibrations.make(number, channel, dry, wet, by())
    except HubError as error:
        return _page(node, found, Ends(dry, wet), failures.text(error)), failures.status(error)
    return redirect(url_for("probes.show", number=number, channel=channel), 303)


def _probe_of(number: int, channel: int) -> tuple[Node, ChannelNow]:
    """The node and its soil channel. Raises UnknownNode, NoProbe."""
    node = here.hub().fleet.node(number)
    now = here.hub().live.node(number)
    found = next((one for one in (now.channels if now else ()) if one.channel == channel and is_probe(one)), None)
    if found is None:
        raise NoProbe(channel=channel)
    return node, found


def _steady(probe: Probe) -> int:
    """What the probe gives out, if it stands still and can be an end. Raises NotSteady, ProbeOutside."""
    if probe.value_mv is None or not probe.steady:
        raise NotSteady()
    calibration.check_end(probe.value_mv)
    return probe.value_mv


def _wrong(ends: Ends) -> str:
    """Why these ends cannot be taken, in words."""
    try:
        calibration.check(ends.dry or 0, ends.wet or 0)
    except HubError as error:
        return failures.text(error)
    return ""


def _page(node: Node, channel: ChannelNow, ends: Ends, wrong: str) -> str:
    hub, now_s = here.hub(), here.now_s()
    hub.checks.watch(node.number)
    history = hub.calibrations.history(node.number, channel.channel)
    counts = calibration.counting(history)
    probe = hub.checks.probe(node.number, channel.channel)
    return render_template(
        "probe.html",
        node=node,
        channel=channel,
        lost=hub.live.lost(node.number, now_s),
        probe=probe,
        near=_near(ends, probe),
        least=calibration.LEAST_SPAN_MV,
        ends=ends,
        wrong=wrong,
        scale=_scale(ends) if ends.step == 3 and not wrong else [],
        history=history,
        counts=counts,
        drift=calibration.drift(history),
        old=counts is not None and now_s - counts.at_s > calibration.OLD_S,
        newest=history[0] if history else None,
        resting=ends.step == 1 and not wrong and "again" not in request.args and _resting(history, now_s),
        signed=_signed,
    )


def _resting(history: list[Calibration], now_s: float) -> bool:
    """Whether the dialogue is over for now: the newest calibration is on its way, or just arrived."""
    if not history:
        return False
    newest = history[0]
    return newest.state in OPEN or (newest.state == "in_force" and now_s - newest.at_s < RESTS_S)


def _signed(value_mv: int) -> str:
    return ("+" if value_mv > 0 else "") + here.words().number(value_mv)


def _near(ends: Ends, probe: Probe) -> bool:
    """Whether the second end would be too near to the first one."""
    if ends.step != 2 or ends.dry is None or probe.value_mv is None:
        return False
    return ends.dry - probe.value_mv < calibration.LEAST_SPAN_MV


def _scale(ends: Ends) -> list[tuple[int, int]]:
    """(percent, mV) along the line that the node will use."""
    dry, wet = ends.dry or 0, ends.wet or 0
    return [(mark, round(dry - (dry - wet) * mark / 100)) for mark in MARKS]
