"""Numbers: none given twice within its list, each with a name, all within what their field can hold."""

import pytest

from shared_protocol import errors, maintenance, names, registry, units

LISTS = {
    "MSG_": (registry, 255),
    "TLV_": (registry, 2**28 - 1),
    "RECORD_": (registry, 255),
    "KIND_": (registry, 255),
    "UNIT_": (units, 255),
    "ACTUATOR_": (units, 255),
    "FAULT_": (registry, 127),
    "CAUSE_": (registry, 127),
    "EVENT_": (registry, 255),
    "TIME_": (registry, 255),
    "STOP_": (registry, 255),
    "RESULT_": (registry, 255),
    "RESET_": (registry, 255),
    "LOG_": (registry, 255),
    "CHECK_": (maintenance, 255),
    "STATE_": (registry, 255),
    "TROUBLE_": (registry, 128),
    "IMAGE_": (registry, 255),
}


def numbers(prefix, module):
    return {name: value for name, value in vars(module).items() if name.startswith(prefix)}


@pytest.mark.parametrize("prefix", LISTS)
def test_numbers_are_unique_and_fit(prefix):
    module, most = LISTS[prefix]
    found = numbers(prefix, module)
    assert found and len(set(found.values())) == len(found)
    assert all(0 <= value <= most for value in found.values())


def test_names_cover_every_list():
    words = [value for name, value in vars(names).items() if name.isupper()]
    assert sorted(map(len, words)) == sorted(len(numbers(prefix, module)) for prefix, (module, _) in LISTS.items())
    assert names.KINDS[registry.KIND_AIR_TEMPERATURE] == "air_temperature"
    assert names.UNITS[units.UNIT_CELSIUS] == "celsius" and names.ACTUATORS[units.ACTUATOR_FAN] == "fan"


def test_error_numbers_are_unique():
    leaves = [leaf for leaf in vars(errors).values() if isinstance(leaf, type)]
    assert len({leaf.number for leaf in leaves}) == len({leaf.cause for leaf in leaves}) == len(leaves) == 11
