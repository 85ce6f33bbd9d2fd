"""The suite's switches: how many examples hypothesis tries, what is slow and in which order the workers take it, and
whether a skip is allowed (`--all`, `--deep`).
"""

import os
from itertools import groupby

import pytest
from hypothesis import HealthCheck, settings

SIZE = os.environ.get("NHAVUON_TEST", "standard")
EXAMPLES = {"quick": 25, "standard": 100, "all": 100, "deep": 2000}

# Whole folders and files whose tests live with real boards, hubs and floods: seconds each.
SLOW = (
    *("faults/", "kills/", "hostile/", "hub/benchmark/", "boards/test_firmware_on_board.py"),
    *("firmware/test_node.py", "firmware/test_upkeep.py", "firmware/test_update.py", "firmware/test_trial.py"),
    *("firmware/test_room.py", "support/test_usb_board.py", "flash_tools/test_failures.py"),
    *("flash_tools/test_remote.py", "updates/"),
)

settings.register_profile(
    "run", max_examples=EXAMPLES[SIZE], deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("run")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config, items):
    """Mark what is slow by where it is; when the rest is deselected, let each worker begin with it."""
    tests = config.rootpath / "tests"
    for item in items:
        if item.path.is_relative_to(tests) and item.path.relative_to(tests).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    result = yield
    items[:] = dealt(items, getattr(config, "workerinput", {}).get("workercount", 1))
    return result


def dealt(items, workers):
    """The tests in the order in which xdist's worksteal hands them out, an equal stretch to each worker: its share of
    the slow files first, then quick tests, which another worker may take over when its own are done.
    """
    waiting, rest = [], []
    for item in items:
        (waiting if item.get_closest_marker("slow") or item.get_closest_marker("browser") else rest).append(item)
    quick = iter(rest)
    hands = [[] for _ in range(workers)]
    for _, file in groupby(waiting, key=lambda item: item.path):
        min(hands, key=len).extend(file)
    order = []
    for left, hand in zip(range(workers, 0, -1), hands, strict=True):
        size = (len(items) - len(order)) // left
        order += hand + [item for _, item in zip(range(size - len(hand)), quick, strict=False)]
    return order + list(quick)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In --all and --deep a skipped test is a failed one: nothing goes unnoticed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and SIZE in ("all", "deep") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
