"""A node that answers its self-test as a test says; stands where the link is. For the tests of its pages."""

from hub.inspections import READS
from shared_protocol import registry as g
from shared_protocol.maintenance import (
    CHECK_ACTUATOR,
    CHECK_CLOCK,
    CHECK_FAULT,
    CHECK_FLASH,
    CHECK_HEAP,
    CHECK_IMAGE,
    CHECK_JOURNAL,
    CHECK_PROBE,
    CHECK_RADIO,
    CHECK_RESETS,
    CHECK_SENSOR,
    CHECK_SETTINGS,
    CHECK_STOP_INPUT,
    CheckResult,
    decode_check,
    encode_check_result,
)
from tests.web.farm import Farm

Row = tuple[int, int, int, int | None]
WELL: list[Row] = [
    (CHECK_SENSOR, 1, 1, 312), (CHECK_SENSOR, 2, 1, 780), (CHECK_ACTUATOR, 1, 1, 0), (CHECK_ACTUATOR, 2, 1, 0),
    (CHECK_FLASH, 0, 1, 900), (CHECK_HEAP, 0, 1, 60_000), (CHECK_RADIO, 0, 1, -61), (CHECK_SETTINGS, 0, 1, None),
    (CHECK_JOURNAL, 0, 1, 480), (CHECK_STOP_INPUT, 0, 1, None), (CHECK_CLOCK, 0, 1, None),
    (CHECK_RESETS, g.RESET_POWER, 1, 0), (CHECK_IMAGE, g.IMAGE_PROVEN, 1, None),
]  # fmt: skip
DEAD_AIR: list[Row] = [(CHECK_SENSOR, 1, 0, None), (CHECK_FAULT, 1, 0, g.FAULT_NO_ANSWER), *WELL[1:]]
WET_PROBE: list[Row] = [(CHECK_SENSOR, 4, 1, 710), (CHECK_PROBE, 4, 1, 1412), (CHECK_RADIO, 0, 1, -70)]


class Answering:
    """Answers each CHECK with the rows that are set for its node; None = it does not answer."""

    def __init__(self, made: Farm) -> None:
        self.made = made
        self.rows: dict[int, list[Row] | None] = {}
        made.hub.checks.sender = self.ask

    def ask(self, node: int, type: int, body: bytes) -> bool:
        rows = self.rows.get(node)
        if rows is not None:
            result = CheckResult(decode_check(body).id, rows)
            self.made.hub.checks.result(node, encode_check_result(result))
            self.made.report(node)
        return True

    def run(self, seconds: int = READS + 7) -> None:
        """Time passes until a check is over; for farms on a clock that a test sets."""
        for _ in range(seconds):
            self.made.clock.advance(1)  # type: ignore[attr-defined]
            self.made.hub.tick()
