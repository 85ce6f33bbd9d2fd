"""The suite's switches: how many examples hypothesis tries, and whether a skip is allowed (`--all`, `--deep`)."""

import os

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


def pytest_collection_modifyitems(config, items):
    """Mark what is slow by where it is."""
    tests = config.rootpath / "tests"
    for item in items:
        if item.path.is_relative_to(tests) and item.path.relative_to(tests).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In --all and --deep a skipped test is a failed one: nothing goes unnoticed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and SIZE in ("all", "deep") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
