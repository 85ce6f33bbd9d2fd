"""The suite's switches: how many examples hypothesis tries, and whether a skip is allowed (`--all`, `--deep`)."""

import os

import pytest
from hypothesis import HealthCheck, settings

SIZE = os.environ.get("NHAVUON_TEST", "standard")
EXAMPLES = {"quick": 25, "standard": 100, "all": 100, "deep": 2000}

settings.register_profile(
    "run", max_examples=EXAMPLES[SIZE], deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("run")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In --all and --deep a skipped test is a failed one: nothing goes unnoticed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and SIZE in ("all", "deep") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
