"""From wanted to reported: a recipe reaches its node, through absence, refusal and reboots, and the page knows how."""

import pytest

from hub.benchmark.scripted import ScriptedNode
from hub.errors import UnknownNode
from hub.link.pieces import GIVE_UP_S, hash8
from hub.recipes.document import Recipe, Rule
from hub.recipes.library import UnknownRecipe
from hub.recipes.push import AGAIN_S
from shared_protocol import maintenance as m
from tests.hub.farm import Farm, g

OLD = Recipe("old", (Rule(1, (1,), on_above=300, off_above=285),))
NEW = Recipe("new", tuple(Rule(id, (1,), on_above=310, off_above=290, rest_s=60 + id) for id in range(1, 8)))


class RecipeNode:
    """A scripted node that takes recipes as the firmware does."""

    def __init__(self, farm: Farm, running: bytes = bytes(8)) -> None:
        self.farm, self.node, self.running = farm, farm.add(), running
        self.text = b""
        self.greetings = 0
        self.refuses = g.RESULT_OK

    def greet(self, boot_no: int = 1, uptime_s: int = 5) -> None:
        self.greetings += 1
        node: ScriptedNode = self.node
        node.boot_no, node.uptime_s, node.nonce = boot_no, uptime_s, b"nonce-%02d" % self.greetings
        (reply,) = self.farm.say(node.hello(tlvs=[(g.TLV_RECIPE_HASH, self.running)]))
        node.welcome(reply)
        self.farm.carrier.sent.clear()
        self.farm.hub.link.receive(node.now(), ("10.0.0.1", 4000))
        self.farm.settle()

    def obey(self) -> None:
        """Answer what lies in the carrier until nothing comes any more; report what is in force."""
        while bodies := self.farm.sent(self.node, g.MSG_RECIPE):
            for body in bodies:
                piece = m.decode_recipe(body)
                self.text = self.text[: piece.offset] + piece.chunk
                whole = len(self.text) == piece.total
                code = self.refuses if whole else g.RESULT_OK
                if whole and code == g.RESULT_OK:
                    assert hash8(self.text) == piece.hash
                    self.running = piece.hash
                answer = m.encode_recipe_ack(m.RecipeAck(piece.hash, code))
                self.farm.hub.link.receive(self.node.seal(g.MSG_RECIPE_ACK, answer), ("10.0.0.1", 4000))

    def report(self) -> None:
        """Ship the event that the recipe is in force."""
        self.node.put_event(g.EVENT_RECIPE, self.running)
        self.farm.ship_all(self.node)

    @property
    def state(self) -> str:
        return self.farm.hub.push.progress(1).state


@pytest.fixture
def node(farm: Farm) -> RecipeNode:
    made = RecipeNode(farm)
    farm.hub.recipes.keep(OLD, "Anh Tuấn")
    farm.hub.recipes.keep(NEW, "Anh Tuấn")
    return made


def test_wanted_sent_accepted_and_active_only_when_the_node_reports_it(farm: Farm, node: RecipeNode) -> None:
    node.greet()
    assert node.state == "none"
    farm.hub.push.want(1, NEW.hash, "Anh Tuấn")
    assert node.state == "sending"
    node.obey()
    assert node.running == NEW.hash and node.state == "accepted"
    node.report()
    assert node.state == "active" and farm.hub.recipes.running(1) == NEW
    assert farm.hub.recipes.standing(1).reported_s == farm.clock.wall()


def test_live_knows_which_channel_a_machine_follows(farm: Farm, node: RecipeNode) -> None:
    node.running = OLD.hash
    node.greet()
    farm.ship_all(node.node)
    farm.say(node.node.now())
    assert [one.sensor for one in farm.now().actuators] == [1, None]


def test_a_node_that_is_away_gets_it_when_it_returns(farm: Farm, node: RecipeNode) -> None:
    farm.hub.push.want(1, NEW.hash, "Anh Tuấn")
    for _ in range(30):
        farm.clock.advance(1)
        farm.hub.tick()
    assert node.state == "waiting"
    farm.close()
    farm.open()
    node.greet()
    assert node.state == "sending"
    node.obey()
    node.greet(boot_no=2)
    assert node.state == "active"


def test_silence_in_a_session_is_followed_by_another_try(farm: Farm, node: RecipeNode) -> None:
    node.greet()
    farm.hub.push.want(1, NEW.hash, "Anh Tuấn")
    farm.carrier.sent.clear()
    farm.clock.advance(GIVE_UP_S + 1)
    farm.hub.tick()
    assert node.state == "waiting"
    farm.clock.advance(AGAIN_S)
    farm.carrier.sent.clear()
    farm.hub.tick()
    node.obey()
    assert node.running == NEW.hash


def test_another_recipe_at_the_next_hello_is_replaced_again(farm: Farm, node: RecipeNode) -> None:
    node.greet()
    farm.hub.push.want(1, NEW.hash, "Anh Tuấn")
    node.obey()
    node.report()
    node.running = OLD.hash  # the slot of the new one broke
    node.greet(boot_no=2)
    assert node.state == "sending" and farm.hub.recipes.running(1) == OLD
    node.obey()
    assert node.running == NEW.hash


def test_a_refusal_is_kept_and_not_argued_with(farm: Farm, node: RecipeNode) -> None:
    node.greet()
    node.refuses = g.RESULT_MALFORMED
    farm.hub.push.want(1, NEW.hash, "Anh Tuấn")
    node.obey()
    assert node.state == "refused" and farm.hub.recipes.standing(1).refused == "malformed"
    node.greet(boot_no=2)
    farm.clock.advance(AGAIN_S + 1)
    farm.hub.tick()
    assert node.state == "refused" and farm.sent(node.node, g.MSG_RECIPE) == []
    node.refuses = g.RESULT_OK
    farm.hub.push.want(1, NEW.hash, "Anh Tuấn")
    node.obey()
    assert node.state == "accepted"


def test_events_that_come_late_do_not_change_what_runs(farm: Farm, node: RecipeNode) -> None:
    node.node.put_event(g.EVENT_RECIPE, OLD.hash, uptime_s=1)
    node.running = NEW.hash
    node.greet(uptime_s=50)
    farm.ship_all(node.node)
    assert farm.hub.recipes.standing(1).reported == NEW.hash


def test_a_recipe_from_elsewhere_is_known_only_by_its_hash(farm: Farm, node: RecipeNode) -> None:
    node.running = b"elsewher"
    node.greet()
    assert farm.hub.recipes.standing(1).reported == b"elsewher"
    assert farm.hub.recipes.running(1) is None and node.state == "none"


def test_nothing_is_wanted_that_does_not_exist(farm: Farm, node: RecipeNode) -> None:
    with pytest.raises(UnknownRecipe):
        farm.hub.push.want(1, b"nothing!", "Anh Tuấn")
    with pytest.raises(UnknownNode):
        farm.hub.push.want(9, NEW.hash, "Anh Tuấn")


def test_drafts_are_forgotten_but_what_runs_or_shall_run_is_not(farm: Farm, node: RecipeNode) -> None:
    node.running = OLD.hash
    node.greet()
    farm.hub.push.want(1, NEW.hash, "Anh Tuấn")
    farm.settle()
    draft = Recipe("draft")
    farm.hub.recipes.keep(draft, "Anh Tuấn")
    farm.clock.advance(91 * 86_400)
    farm.hub.recipes.keep(Recipe("another"), "Anh Tuấn")
    library = farm.hub.recipes
    assert library.find(draft.hash) is None and library.get(OLD.hash) and library.get(NEW.hash)
