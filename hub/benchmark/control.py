"""The control's benchmark: seasons of 90 days in a simulated worm house, beside what usual products do.

Figures are means over the seeds, those of the bed's heat the worst of all seasons. The node runs the ready-made worm
house recipe with its own firmware; plain and always_on follow plant.PlainController. Faults: season.fault_plan.
"""

import multiprocessing
import sys
from statistics import mean
from typing import Any, NamedTuple

from boards.board import load
from hub.benchmark import steps
from hub.benchmark.season import BOARD, STEP_S, Control, Faults, NodeControl, PlainControl, Result, fault_plan, live
from hub.recipes.machinery import Machine, Machinery, Sensor
from hub.recipes.ready import make, ready
from shared_protocol.names import UNITS

DAYS, SEEDS = 90, 8
QUICK_DAYS, QUICK_SEEDS = 4, 2
RECIPE = "worm_house"


class Job(NamedTuple):
    """One season to live."""

    control: str
    seed: int
    days: int
    faulted: bool


def run(quick: bool = False, days: int | None = None, seeds: int | None = None) -> dict[str, Any]:
    """{in_band_share, faulted_in_band_share, the same of plain_ and always_on_, …}."""
    days = days or (QUICK_DAYS if quick else DAYS)
    seeds = seeds or (QUICK_SEEDS if quick else SEEDS)
    jobs = [
        Job(control, seed, days, faulted)
        for control, faults in (("node", (True, False)), ("plain", (True, False)), ("always_on", (False,)))
        for faulted in faults
        for seed in range(1, seeds + 1)
    ]
    return {"days": days, "seeds": seeds} | _figures(dict(_lived(jobs))) | steps.run(quick)


def _lived(jobs: list[Job]) -> list[tuple[Job, Result]]:
    """Every job with its season, on all processors; a line of progress where somebody looks."""
    found = []
    with multiprocessing.get_context("spawn").Pool() as pool:
        for job, result in pool.imap_unordered(season, jobs):
            found.append((job, result))
            if sys.stderr.isatty():
                print(f"\r{len(found)} of {len(jobs)} seasons", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return found


def season(job: Job) -> tuple[Job, Result]:
    """Live one season; in a process of its own."""
    faults = fault_plan(job.seed, job.days) if job.faulted else Faults()
    return job, live(_control(job.control), job.seed, job.days, faults)


def _control(name: str) -> Control:
    if name == "node":
        return NodeControl(recipe_text())
    return PlainControl(fan=1) if name == "always_on" else PlainControl()


def recipe_text() -> bytes:
    """The ready-made recipe as it would lie on this board, nothing changed."""
    board = load(BOARD)
    channels = board.device()["channels"]
    sensors = tuple(
        Sensor(one["id"], channel.kind, UNITS[one["unit"]], one["scale"], channel.place)
        for one, channel in zip(channels, board.channels, strict=True)
    )
    machines = tuple(Machine(one.id, one.kind, one.name) for one in board.actuators)
    return make(ready(RECIPE), Machinery(sensors, machines), {}).text


def _figures(found: dict[Job, Result]) -> dict[str, Any]:
    def of(control: str, faulted: bool) -> list[Result]:
        return [result for job, result in found.items() if (job.control, job.faulted) == (control, faulted)]

    clean, faulted = of("node", False), of("node", True)
    plain, plain_faulted, always_on = of("plain", False), of("plain", True), of("always_on", False)
    mine = clean + faulted
    return {
        "in_band_share": _share(clean),
        "worst_in_band_share": round(min(one.in_band_share for one in clean), 4),
        "plain_in_band_share": _share(plain),
        "always_on_in_band_share": _share(always_on),
        "faulted_in_band_share": _share(faulted),
        "worst_faulted_in_band_share": round(min(one.in_band_share for one in faulted), 4),
        "plain_faulted_in_band_share": _share(plain_faulted),
        "hours_above_33": _hours(max(one.hot for one in mine)),
        "hours_above_35": _hours(max(one.deadly for one in mine)),
        "plain_faulted_hours_above_33": _hours(max(one.hot for one in plain_faulted)),
        "hottest_bed": round(max(one.hottest for one in mine), 2),
        "switches_per_day": round(mean(one.switches / one.days for one in clean), 1),
        "most_switches_per_day": round(max(one.switches / one.days for one in mine), 1),
        "plain_switches_per_day": round(mean(one.switches / one.days for one in plain), 1),
        "litres_per_day": round(mean(one.litres / one.days for one in clean), 1),
        "plain_litres_per_day": round(mean(one.litres / one.days for one in plain), 1),
        "always_on_litres_per_day": round(mean(one.litres / one.days for one in always_on), 1),
    }


def _share(results: list[Result]) -> float:
    return round(mean(one.in_band_share for one in results), 4)


def _hours(steps: int) -> float:
    return round(steps * STEP_S / 3600, 1)
