"""Recipe view: which recipe a node should run, which one it runs and how far that is, in words; for page and API."""

from dataclasses import dataclass

from hub.recipes.library import EMPTY, Kept, Standing
from hub.recipes.machinery import Machinery, machinery
from hub.recipes.ready import all_ready
from hub.service import Hub
from hub.web.rules import RuleWords, recipe_words
from hub.web.words import Words


@dataclass(frozen=True)
class View:
    """A node's recipes. `state`: "active", "waiting", "sending", "accepted", "refused", "elsewhere" (runs one that
    nobody here sent), "unknown" (it has not told) or "none" (it runs without rules). `running`, `wanted`: as the hub
    has them, None = no copy or none at all."""

    node: int
    state: str
    headline: str
    why: str
    fresh: bool  # whether the state will change soon
    share: int
    standing: Standing
    machinery: Machinery
    running: Kept | None
    wanted: Kept | None
    rules: tuple[RuleWords, ...]

    @property
    def hash(self) -> str:
        """Of the recipe to begin an edit with: the running one, else the wanted one."""
        found = self.running or self.wanted
        return found.recipe.hash.hex() if found else ""


def view(hub: Hub, words: Words, node: int, now_s: float) -> View:
    """How a node stands."""
    standing, library = hub.recipes.standing(node), hub.recipes
    found, running, wanted = machinery(hub.store, node), library.find(standing.reported), library.find(standing.wanted)
    progress = hub.push.progress(node)
    state = progress.state if progress.state != "none" else _alone(standing)
    rules = recipe_words(words, running.recipe, found) if running else []
    return View(
        node,
        state,
        _headline(words, state, standing, now_s),
        _why(words, state, standing, wanted, progress.share, now_s),
        state in ("sending", "accepted"),
        progress.share,
        standing,
        found,
        running,
        wanted,
        tuple(rules),
    )


def _alone(standing: Standing) -> str:
    """The state of a node for which nobody here asked anything."""
    if standing.reported is None:
        return "unknown"
    return "none" if standing.reported in EMPTY else "elsewhere"


def _headline(words: Words, state: str, standing: Standing, now_s: float) -> str:
    at = words.clock(standing.reported_s, now_s) if standing.reported_s is not None else ""
    return words.say(f"recipe.state.{state}", at=at)


def _why(words: Words, state: str, standing: Standing, wanted: Kept | None, share: int, now_s: float) -> str:
    """Who asked for what, and what stands in its way."""
    if state == "refused":
        return words.first(f"recipe.refused.{standing.refused}", f"result.{standing.refused}", "result.unknown")
    if state == "sending":
        return words.say("recipe.sent", n=share)
    if state in ("waiting", "accepted", "elsewhere", "none", "unknown"):
        return words.say(f"recipe.why.{state}")
    asked = "" if standing.wanted_s is None else words.clock(standing.wanted_s, now_s)
    return words.say("recipe.asked", by=standing.wanted_by, at=asked) if wanted else ""


def title(words: Words, kept: Kept | None) -> str:
    """A recipe's name as people say it."""
    if kept is None:
        return words.say("recipe.no_copy")
    found = all_ready().get(kept.recipe.name)
    return found.title[words.language] if found else kept.recipe.name or words.say("recipe.unnamed")


def short(hash: bytes | None) -> str:
    """A hash for the eye: its first four bytes."""
    return hash[:4].hex() if hash else ""
