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

# Seconds that the longest files took, one after the other, on two cores: begun first, and not two by one worker. The
# others count two seconds for each test.
SECONDS = {
    "flash_tools/test_flash_command.py": 280,
    "flash_tools/test_rescue.py": 220,
    "firmware/test_update.py": 160,
    "flash_tools/test_secrets.py": 150,
    "firmware/test_node.py": 150,
    "web/test_browser_nodes.py": 140,
    "cli/test_check.py": 130,
    "faults/test_20_stop.py": 120,
    "hostile/test_bad_data_folder.py": 110,
    "web/test_browser.py": 100,
    "firmware/test_upkeep.py": 100,
    "faults/test_02_sensor_dead.py": 100,
    "web/test_browser_technician.py": 100,
    "firmware/test_trial.py": 90,
    "cli/test_demo.py": 90,
    "flash_tools/test_scenes.py": 90,
    "faults/test_05_hub_away.py": 80,
    "faults/test_03_shown_as_fresh.py": 80,
    "faults/test_14_backlog.py": 70,
}

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
    items[:] = dealt(items, getattr(config, "workerinput", {}).get("workercount", 1), tests)
    return result


def dealt(items, workers, tests):
    """The tests in the order in which xdist's worksteal hands them out, an equal stretch to each worker: its share of
    the slow files first, the longest before the others, then quick tests, which another worker may take over when its
    own are done. `tests`: the folder.
    """
    waiting, rest = [], []
    for item in items:
        (waiting if item.get_closest_marker("slow") or item.get_closest_marker("browser") else rest).append(item)
    quick = iter(rest)
    files = [(path, list(file)) for path, file in groupby(waiting, key=lambda item: item.path)]
    long = [(SECONDS.get(path.relative_to(tests).as_posix(), 2 * len(file)), file) for path, file in files]
    hands = [(0, [])] * workers
    for seconds, file in sorted(long, key=lambda one: -one[0]):
        hands.sort(key=lambda one: one[0])
        hands[0] = hands[0][0] + seconds, hands[0][1] + file
    order = []
    for left, (_, hand) in zip(range(workers, 0, -1), hands, strict=True):
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
