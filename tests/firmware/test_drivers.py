"""The drivers, in MicroPython, on frames as real sensors send them."""

import pytest

from tests.firmware import mp


@pytest.mark.parametrize(
    "case", ["dht22_frames", "dht11_frames", "soil_voltages", "one_wire", "sht_frames", "contacts", "flows", "groups"]
)
def test_case(case: str) -> None:
    assert mp.run("drivers_cases.py", case).splitlines()[-1] == "ok"
