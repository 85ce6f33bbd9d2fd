"""The checker of the property tests finds each thing that it is there for, and nothing in a run that is right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.limits import Edge, Limits, effective


def judged(*edges: Edge, end: float = 1000, kind: str = "fan", **rule: Any) -> list[str]:
    """Problems of fan 1 with this rule, beside pump 2 without any."""
    rules = [{"actuator": 1, **rule}]
    epoch = {id: effective(rules[0] if id == 1 else {}, {"id": id, "max_on_s": 0, "rest_s": 0}, rules) for id in (1, 2)}
    boots = [0.0, *(edge.t for edge in edges if edge.cause == "reset")]
    return Limits({1: kind, 2: "pump"}, [(0, epoch)], edges, boots, end, [(float(t), 1) for t in range(100)]).judge()


def run(begin: float, end: float, cause: str | None = "satisfied", id: int = 1, on: str = "above") -> tuple[Edge, Edge]:
    return Edge(begin, id, 1, on), Edge(end, id, 0, cause)


def test_what_is_right_is_right() -> None:
    edges = *run(5, 65, "max_on"), *run(130, 150), *run(180, 190, id=2)
    assert judged(*edges, max_on_s=60, rest_s=60, min_on_s=20, min_off_s=30, cap_s=100, apart=[2], settle_s=10) == []


@pytest.mark.parametrize(
    ("edges", "rule", "word"),
    [
        (run(5, 66), {"max_on_s": 60}, "allowed 60"),
        ((*run(5, 45, "reset"), *run(50, 71)), {"max_on_s": 60, "rest_s": 60}, "allowed 60"),
        ((*run(5, 65, "max_on"), *run(100, 120)), {"max_on_s": 60}, "on again after 35"),
        ((*run(5, 45, "reset"), *run(80, 90)), {"rest_s": 30}, "on again after 35"),
        ((*run(5, 45), *run(50, 60)), {"min_off_s": 30}, "on again after 5"),
        ((*run(5, 65), *run(100, 160)), {"cap_s": 100}, "in the 24 h before"),
        ((*run(5, 65), *run(60, 70, id=2)), {"apart": [2]}, "together with"),
        ((*run(5, 65, id=2), *run(70, 80)), {"apart": [2], "settle_s": 10}, "after 2"),
        (run(5, 10), {"min_on_s": 20}, "min on 20"),
        (run(5, 10, None), {}, "without a cause"),
        ((Edge(5, 1, 1, "above"), Edge(5.5, 2, 1, "above")), {}, "after 1"),
        ((Edge(50, 1, 1, "above"), Edge(170, 1, 0, "fault")), {"sensors": [1], "fault": "off"}, "blind since 159"),
    ],
)
def test_each_limit_is_looked_at(edges: tuple[Edge, ...], rule: dict[str, Any], word: str) -> None:
    assert word in "\n".join(judged(*edges, **rule))


def test_a_heater_is_never_on_by_a_fault() -> None:
    edges = run(5, 10, on="fault")
    assert judged(*edges) == []
    assert "on by fault" in "\n".join(judged(*edges, kind="heater"))


def test_what_is_stopped_is_off() -> None:
    rules = {1: effective({}, {"id": 1}, [])}
    barred = [(10.0, 20.0, 1, "stopped")]
    for begin, end, wrong in ((0, 10, 0), (20, 30, 0), (0, 11, 1), (12, 30, 1)):
        found = Limits({1: "fan"}, [(0, rules)], run(begin, end), [0.0], 50, barred=barred).judge()
        assert len(found) == wrong, (begin, end, found)


def test_a_cap_looks_a_day_back_and_no_further() -> None:
    first, later = run(0, 60), run(86_400 + 30, 86_400 + 90)
    assert judged(*first, *later, end=90_000, cap_s=100) == []
    assert judged(*first, *run(86_350, 86_400 + 20), end=90_000, cap_s=70) != []
