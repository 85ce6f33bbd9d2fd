"""The change of Wi-Fi: every node first, then the router; whoever did not confirm is named."""

from hub.live import LOST_AFTER_S
from tests.hub.farm import Farm
from tests.hub.settings.test_changes import NEW, SECRET, greet, take


def states(farm: Farm) -> list[str]:
    move = farm.hub.wifi.newest()
    assert move is not None
    return [place.state for place in farm.hub.wifi.places(move)]


def test_nodes_first_then_the_router(farm: Farm) -> None:
    nodes = [farm.add(1), farm.add(2), farm.add(3)]
    for node in nodes[:2]:
        greet(farm, node)
    farm.carrier.sent.clear()
    farm.hub.wifi.begin("Vườn mới", SECRET, "Anh Tuấn")
    assert states(farm) == ["waiting", "waiting", "lost"]
    frames = list(farm.carrier.sent)
    take(farm, nodes[0])
    farm.carrier.sent.extend(frames)
    assert states(farm) == ["ready", "waiting", "lost"]
    farm.carrier.sent.clear()
    farm.clock.advance(2)
    farm.hub.tick()
    take(farm, nodes[1])
    assert states(farm) == ["ready", "ready", "lost"]
    farm.clock.advance(3)
    greet(farm, nodes[0], NEW)
    greet(farm, nodes[1])
    assert states(farm) == ["ready", "failed", "lost"], "the second one went back to its old settings"


def test_after_the_router_only_news_counts(farm: Farm) -> None:
    nodes = [farm.add(1), farm.add(2)]
    for node in nodes:
        greet(farm, node)
    farm.hub.wifi.begin("Vườn mới", SECRET, "Anh Tuấn")
    farm.clock.advance(10)
    farm.hub.wifi.moved("Anh Tuấn")
    assert states(farm) == ["away", "away"]
    farm.clock.advance(LOST_AFTER_S)
    greet(farm, nodes[1], NEW)
    assert states(farm) == ["away", "back"]


def test_a_second_change_begins_anew(farm: Farm) -> None:
    node = farm.add(1)
    greet(farm, node)
    farm.hub.wifi.begin("Vườn mới", SECRET, "Anh Tuấn")
    take(farm, node)
    farm.clock.advance(3)
    greet(farm, node, NEW)
    farm.hub.wifi.moved("Anh Tuấn")
    farm.hub.wifi.begin("Vườn mới hơn", SECRET, "Anh Tuấn")
    move = farm.hub.wifi.newest()
    assert move is not None and move.name == "Vườn mới hơn" and move.moved_s is None
    assert states(farm) == ["waiting"]
