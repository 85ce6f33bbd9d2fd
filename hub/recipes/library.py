"""The library: every recipe the hub knows, by hash, and which one each node should run and runs; for page and push.

Recipes never change: an edited one is another one. Standings are in memory and in the store; what the link tells is
written without waiting, because the writer may be waiting for the link.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hub.errors import HubError
from hub.link.pieces import hash8
from hub.recipes.document import NO_RECIPE, BadDocument, Recipe, parse
from hub.store import Store
from hub.store.models import NodeRecipe, RecipeRow

KEPT_S = 90 * 86_400  # a draft that nobody sent is forgotten after this
EMPTY = (NO_RECIPE, hash8(b"{}"))  # what a node without a recipe reports


class UnknownRecipe(HubError):
    """No recipe with this hash."""

    code = "error.unknown_recipe"
    text = "The hub has no such recipe. Choose one of the list again."


@dataclass(frozen=True)
class Kept:
    """A recipe of the library. `made_by` "" = it came with the program."""

    recipe: Recipe
    made_by: str
    made_s: float


@dataclass(frozen=True)
class Standing:
    """A node's recipes by hash: the wanted one (None = nobody said) and the reported one (None = it has not told).

    `refused`: the node's RESULT for the wanted one, "" = nothing bad; times are unix seconds.
    """

    node: int
    wanted: bytes | None = None
    wanted_by: str = ""
    wanted_s: float | None = None
    refused: str = ""
    refused_s: float | None = None
    reported: bytes | None = None
    reported_s: float | None = None


class Library:
    """Recipes and standings. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self.version = 0  # grows at every change of a standing, for ETags
        self._recipes: dict[bytes, Kept] = {}
        rows = store.fetch(NodeRecipe.select())
        self._standings = {int(row["node"]): Standing(**{**row, **_hashes(row)}) for row in rows}

    # -- recipes

    def keep(self, recipe: Recipe, by: str) -> None:
        """Put a recipe into the library; one that is there already stays as it is."""
        now_s = self._store.clock.wall()
        row = {"hash": recipe.hash, "text": recipe.text.decode(), "name": recipe.name, "made_by": by, "made_s": now_s}
        wanted = NodeRecipe.select(NodeRecipe.wanted).where(NodeRecipe.wanted.is_null(False))
        running = NodeRecipe.select(NodeRecipe.reported).where(NodeRecipe.reported.is_null(False))
        old = RecipeRow.delete().where(
            (RecipeRow.made_s < now_s - KEPT_S) & RecipeRow.hash.not_in(wanted) & RecipeRow.hash.not_in(running)
        )

        def write(_: Any) -> None:
            old.execute(self._store.database)
            RecipeRow.insert(row).on_conflict_ignore().execute(self._store.database)

        self._store.write(write)
        with self._guard:
            self._recipes.clear()  # what was deleted must not be wanted

    def find(self, hash: bytes | None) -> Kept | None:
        """The recipe with this hash, None when the hub has no copy of it."""
        if hash is None:
            return None
        known = self._recipes.get(hash)
        if known is None:
            rows = self._store.fetch(RecipeRow.select().where(RecipeRow.hash == hash))
            known = _kept(rows[0]) if rows else None
            if known is not None:
                self._recipes[hash] = known
        return known

    def get(self, hash: bytes) -> Kept:
        """Like `find`. Raises UnknownRecipe."""
        found = self.find(hash)
        if found is None:
            raise UnknownRecipe()
        return found

    # -- standings

    def standing(self, node: int) -> Standing:
        """What the node should run and runs."""
        return self._standings.get(node) or Standing(node)

    def running(self, node: int) -> Recipe | None:
        """The recipe that a node said it runs, None when it has not told or the hub has no copy."""
        found = self.find(self.standing(node).reported)
        return found.recipe if found else None

    def follows(self, node: int, actuator: int) -> int | None:
        """The first channel that an actuator's running rule follows, None when there is none or no copy of it."""
        recipe = self.running(node)
        rule = recipe.rule(actuator) if recipe else None
        return rule.sensors[0] if rule and rule.sensors else None

    def want(self, node: int, hash: bytes, by: str) -> None:
        """A node shall run this from now on; kept when it returns. Raises UnknownRecipe."""
        self.get(hash)
        now_s = self._store.clock.wall()
        fields = {"wanted": hash, "wanted_by": by, "wanted_s": now_s, "refused": "", "refused_s": None}
        self._store.write(self._change(node, **fields))

    def report(self, node: int, hash: bytes) -> None:
        """A node said which recipe it runs."""
        if self.standing(node).reported != hash:
            self._store.write_later(self._change(node, reported=hash, reported_s=self._store.clock.wall()))

    def refuse(self, node: int, hash: bytes, code: str) -> None:
        """A node refused the wanted recipe."""
        if self.standing(node).wanted == hash:
            self._store.write_later(self._change(node, refused=code, refused_s=self._store.clock.wall()))

    def _change(self, node: int, **fields: Any) -> Callable[[Any], Any]:
        """Change a standing in memory; the job that writes how it stands by then."""
        with self._guard:
            self._standings[node] = replace(self.standing(node), **fields)
            self.version += 1

        def write(_: Any) -> None:
            row = vars(self._standings[node])
            NodeRecipe.insert(row).on_conflict_replace().execute(self._store.database)

        return write


def _kept(row: dict[str, Any]) -> Kept | None:
    try:
        return Kept(parse(row["text"]), row["made_by"], row["made_s"])
    except BadDocument:
        return None  # written by another version of this program


def _hashes(row: dict[str, Any]) -> dict[str, bytes | None]:
    return {name: None if row[name] is None else bytes(row[name]) for name in ("wanted", "reported")}
