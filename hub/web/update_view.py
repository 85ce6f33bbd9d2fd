"""Update view: an update in words – which nodes can take it, how far each is and why; used by its page and the API."""

from dataclasses import dataclass

from hub.fleet import Node
from hub.service import Hub
from hub.updates import plan
from hub.updates.plan import Rollout, Target
from hub.web.words import Words

PENDING = (plan.STORED, plan.TRIAL)  # the node goes on by itself, whether it is heard or not


@dataclass(frozen=True)
class CandidateLine:
    """A node that could be updated. `standing`: see plan.Candidate."""

    node: Node
    version: str
    standing: str

    @property
    def possible(self) -> bool:
        return self.standing in ("ready", "silent")


@dataclass(frozen=True)
class UpdateLine:
    """One node in an update. `look`: "ok", "wait" or "bad"; `share`: percent received, None once it does not matter."""

    node: Node
    target: Target
    look: str
    text: str
    why: str
    share: int | None
    first: bool


def candidates(hub: Hub) -> list[CandidateLine]:
    """All nodes with how they stand to the hub's program; none without one."""
    nodes = {node.number: node for node in hub.fleet.nodes()}
    found = [one for one in hub.rollouts.candidates() if one.node in nodes]
    return [CandidateLine(nodes[one.node], one.running.version if one.running else "", one.standing) for one in found]


def headline(hub: Hub, words: Words, rollout: Rollout) -> str:
    """The whole update in a sentence or two."""
    proven = sum(target.state == plan.PROVEN for target in rollout.targets)
    counted = words.say("update.counted", n=proven, all=len(rollout.targets))
    if rollout.state == plan.RUNNING:
        said = words.say(f"update.stage_{rollout.stage}", name=hub.fleet.node(rollout.canary).name)
    elif rollout.state == plan.STOPPED:
        said = words.say(f"update.stopped_{rollout.reason}", name=_name(hub, rollout.reason_node))
    else:
        said = words.say(f"update.is_{rollout.state}")
    return f"{said} {counted}"


def lines(hub: Hub, words: Words, rollout: Rollout, now_s: float) -> list[UpdateLine]:
    """Each node of an update: the first one first, then as they were chosen."""
    ordered = sorted(rollout.targets, key=lambda target: (target.node != rollout.canary, target.node))
    return [_line(hub, words, rollout, target, now_s) for target in ordered]


def _line(hub: Hub, words: Words, rollout: Rollout, target: Target, now_s: float) -> UpdateLine:
    look = "ok" if target.state == plan.PROVEN else "bad" if target.state in plan.FAILED else "wait"
    sending = target.state in (plan.SENDING, plan.WAITING) and target.size > 0
    return UpdateLine(
        node=hub.fleet.node(target.node),
        target=target,
        look=look,
        text=words.say(f"update.node_{target.state}"),
        why=_why(words, rollout, target, now_s),
        share=round(100 * target.sent / target.size) if sending and target.sent else None,
        first=target.node == rollout.canary,
    )


def _why(words: Words, rollout: Rollout, target: Target, now_s: float) -> str:
    """What stands behind a node's state: bytes, a reason, how long it has lasted."""
    if target.state == plan.REFUSED:
        return words.first(f"update.refused_{target.code}", f"result.{target.code}", "result.unknown")
    if target.state == plan.SENDING:
        sent, size = (words.number(round(n / 1024)) for n in (target.sent, target.size))
        return words.say("update.bytes", sent=sent, size=size)
    if target.state == plan.WAITING:
        return words.say("update.why_silent" if not target.heard else "update.why_busy")
    why = words.say(f"update.why_{target.state}") if words.has(f"update.why_{target.state}") else ""
    if target.state in PENDING:
        lasts = words.say("update.lasts", span=words.span(now_s - target.since_s))
        silent = "" if target.heard or rollout.state not in plan.OPEN else words.say("update.not_heard")
        why = " ".join(part for part in (why, lasts, silent) if part)
    return why


def _name(hub: Hub, number: int | None) -> str:
    return hub.fleet.node(number).name if number is not None else ""
