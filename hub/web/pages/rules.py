"""Rules: what a node's machines do by themselves – read by all; chosen, edited, previewed and sent by the technician.

A draft is a recipe of the library by its hash: every step of an edit makes another one, and nothing reaches the node
before "Gửi xuống thiết bị" on the preview.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from hub.errors import HubError
from hub.fleet import Node, Zone
from hub.recipes.check import Problem, problems
from hub.recipes.document import Recipe, Rule
from hub.recipes.library import Kept, UnknownRecipe
from hub.recipes.machinery import Machinery, machinery
from hub.recipes.ready import Part, all_ready, make, parts, ready, usable
from hub.rights import needs
from hub.web import here, recipe_view, rule_forms, rule_reading, rules
from hub.web.failures import BadRequest
from hub.web.pages.orders import by
from hub.web.ready_form import ReadyForm
from hub.web.rule_forms import GROUPS, problem_words
from hub.web.words import Words, in_sentence

pages = Blueprint("rules", __name__)


class NotSound(HubError):
    """A recipe with problems cannot be sent."""

    code = "error.recipe_problems"
    text = "This recipe still has problems. See the preview, then mend it."


@pages.get("/nodes/<int:number>/rules")
@needs("viewer")
def show(number: int) -> ResponseReturnValue:
    """What the node runs, in words, and how far a sent recipe is."""
    node = here.hub().fleet.node(number)
    view = recipe_view.view(here.hub(), here.words(), number, here.now_s())
    titles = {"running": recipe_view.title(here.words(), view.running), "wanted": _title(view.wanted)}
    return render_template("rules.html", node=node, zone=_zone(node), view=view, titles=titles)


# --- ready-made recipes ---


@pages.get("/nodes/<int:number>/rules/ready")
@needs("technician")
def choose(number: int) -> ResponseReturnValue:
    """The ready-made recipes, those for this kind of place first, with what the node lacks for each."""
    node = here.hub().fleet.node(number)
    found, zone = machinery(here.hub().store, number), _zone(node)
    kind = zone.kind if zone else ""
    listed = [(one, usable(one, found), parts(one, found)) for one in all_ready().values()]
    listed.sort(key=lambda one: (not one[1], kind not in one[0].zones))
    return render_template("rules_ready.html", node=node, listed=listed, lacks=_lacks)


@pages.get("/nodes/<int:number>/rules/ready/<name>")
@needs("technician")
def ready_form(number: int, name: str) -> ResponseReturnValue:
    return _ready_page(here.hub().fleet.node(number), ReadyForm.made(here.words(), ready(name)))


@pages.post("/nodes/<int:number>/rules/ready/<name>")
@needs("technician")
def ready_made(number: int, name: str) -> ResponseReturnValue:
    """Form: each number of the recipe by its name. Answers with the preview."""
    node, found = here.hub().fleet.node(number), machinery(here.hub().store, number)
    chosen = ready(name)
    form = ReadyForm.typed(here.words(), chosen, request.form)
    if form.wrong:
        return _ready_page(node, form), 400
    recipe = make(chosen, found, form.values)
    wrong = problems(recipe, found)
    if wrong:
        return _ready_page(node, form, _sentences(wrong, found)), 400
    return _to_draft(number, recipe)


def _ready_page(node: Node, form: ReadyForm, wrong: list[str] | None = None) -> str:
    met = parts(form.ready, machinery(here.hub().store, node.number))
    return render_template("rules_numbers.html", node=node, form=form, parts=met, lacks=_lacks, wrong=wrong or [])


def _lacks(words: Words, part: Part) -> str:
    """What the node has not got for a part of a ready-made recipe, "" when it has all."""
    machine = words.say(f"actuator.{part.template.machine[0]}")
    if part.lacks_machine:
        return words.say("ready.no_machine", machine=in_sentence(machine))
    sensor = in_sentence(words.say(f"kind.{part.template.sensors[0]}"))
    return words.say("ready.no_sensor", machine=machine, sensor=sensor) if part.lacks_sensor else ""


# --- drafts ---


@pages.post("/nodes/<int:number>/rules/empty")
@needs("technician")
def begin(number: int) -> ResponseReturnValue:
    """A draft without rules, to set them one by one."""
    node = here.hub().fleet.node(number)
    return _to_draft(number, Recipe(node.name[:40]))


@pages.get("/nodes/<int:number>/rules/draft/<hash>")
@needs("technician")
def draft(number: int, hash: str) -> ResponseReturnValue:
    """The preview: every rule in words, what is new, what is wrong, and the button that sends it."""
    node, kept = here.hub().fleet.node(number), _kept(hash)
    words, found = here.words(), machinery(here.hub().store, number)
    running = here.hub().recipes.running(number)
    shown = rules.recipe_words(words, kept.recipe, found)
    changed = {
        one.actuator for one in shown if running and running.rule(one.actuator) != kept.recipe.rule(one.actuator)
    }
    wrong = problems(kept.recipe, found)
    return render_template(
        "rules_draft.html",
        node=node,
        kept=kept,
        hash=hash,
        title=recipe_view.title(words, kept),
        shown=shown,
        changed=changed,
        same=running is not None and running.hash == kept.recipe.hash,
        wrong=_sentences(wrong, found),
    )


@pages.post("/nodes/<int:number>/rules/draft/<hash>/send")
@needs("technician")
def send(number: int, hash: str) -> ResponseReturnValue:
    """Send it to the node; the page of its rules tells how far it is."""
    hub, kept = here.hub(), _kept(hash)
    hub.fleet.node(number)
    if problems(kept.recipe, machinery(hub.store, number)):
        raise NotSound()
    hub.push.want(number, kept.recipe.hash, by())
    hub.store.audit(by(), "recipe", f"node {number} recipe {hash} {kept.recipe.name}")
    return redirect(url_for("rules.show", number=number), 303)


@pages.get("/nodes/<int:number>/rules/draft/<hash>/<int:actuator>")
@needs("technician")
def one(number: int, hash: str, actuator: int) -> ResponseReturnValue:
    """One rule: what it says, and the five things that can be changed about it."""
    node, kept = here.hub().fleet.node(number), _kept(hash)
    words, found = here.words(), machinery(here.hub().store, number)
    rule = kept.recipe.rule(actuator) or Rule(actuator)
    shown = rules.rule_words(words, rule, found)
    has = kept.recipe.rule(actuator) is not None
    return render_template("rules_one.html", node=node, hash=hash, shown=shown, groups=GROUPS, has_rule=has)


@pages.post("/nodes/<int:number>/rules/draft/<hash>/remove/<int:actuator>")
@needs("technician")
def remove(number: int, hash: str, actuator: int) -> ResponseReturnValue:
    """A draft without this machine's rule: it only obeys people."""
    here.hub().fleet.node(number)
    return _to_draft(number, _kept(hash).recipe.without(actuator))


@pages.get("/nodes/<int:number>/rules/draft/<hash>/<int:actuator>/<group>")
@needs("technician")
def edit(number: int, hash: str, actuator: int, group: str) -> ResponseReturnValue:
    here.hub().fleet.node(number)
    return _form_page(number, hash, _group(group), _kept(hash).recipe.rule(actuator) or Rule(actuator))


@pages.post("/nodes/<int:number>/rules/draft/<hash>/<int:actuator>/<group>")
@needs("technician")
def change(number: int, hash: str, actuator: int, group: str) -> ResponseReturnValue:
    """Form: the group's fields. Answers with the preview of the changed draft."""
    here.hub().fleet.node(number)
    kept, found, asked = _kept(hash), machinery(here.hub().store, number), _group(group)
    read = rule_reading.read(asked, request.form, kept.recipe.rule(actuator) or Rule(actuator), found)
    recipe = kept.recipe.with_rule(read.rule)
    wrong = [Problem(actuator, name, code, {}) for name, code in read.wrong.items()]
    wrong = wrong or [one for one in problems(recipe, found) if one.actuator == actuator]
    if wrong:
        return _form_page(number, hash, asked, read.rule, wrong), 400
    return _to_draft(number, recipe)


def _form_page(number: int, hash: str, group: rule_forms.Group, rule: Rule, wrong: list[Problem] | None = None) -> str:
    words, found = here.words(), machinery(here.hub().store, number)
    names = {one.name for one in group.fields}
    beside = {one.field: problem_words(words, one) for one in reversed(wrong or []) if one.field in names}
    above = _sentences([one for one in wrong or [] if one.field not in names], found)
    typed = request.form if request.method == "POST" else None
    return render_template(
        "rules_form.html",
        node=here.hub().fleet.node(number),
        hash=hash,
        group=group.name,
        shown=rules.rule_words(words, rule, found),
        main=rule_forms.show(words, group.main, rule, found, typed, beside),
        more=rule_forms.show(words, group.more, rule, found, typed, beside),
        opened=any(one.name in beside for one in group.more),
        wrong=above,
    )


# --- shared ---


def _zone(node: Node) -> Zone | None:
    return here.hub().fleet.zone(node.zone_id) if node.zone_id is not None else None


def _title(kept: Kept | None) -> str:
    return recipe_view.title(here.words(), kept)


def _kept(hash: str) -> Kept:
    """The recipe that an address names. Raises UnknownRecipe."""
    try:
        name = bytes.fromhex(hash)
    except ValueError:
        raise UnknownRecipe() from None
    return here.hub().recipes.get(name)


def _group(name: str) -> rule_forms.Group:
    if name not in GROUPS:
        raise BadRequest(detail=name[:20])
    return GROUPS[name]


def _to_draft(number: int, recipe: Recipe) -> Response:
    here.hub().recipes.keep(recipe, by())
    return redirect(url_for("rules.draft", number=number, hash=recipe.hash.hex()), 303)


def _sentences(wrong: list[Problem], found: Machinery) -> list[str]:
    """Problems with where they are: "Quạt · Mỗi lần chạy nhiều nhất: …"."""
    words = here.words()
    said = []
    for one in wrong:
        where = [rule_forms.field_name(words, one.field)]
        if one.actuator is not None:
            where.insert(0, rules.machine_name(words, found.machine(one.actuator), one.actuator))
        said.append(words.say("problem.where", where=" · ".join(where), what=problem_words(words, one)))
    return said
