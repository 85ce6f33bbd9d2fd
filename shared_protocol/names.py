"""Owns the words for the registry's numbers. Hub only: pages, logs and exports; the board never loads it.

Each dict maps a number to its snake_case name, derived from the constant's name, so there is one list to keep.
"""

from shared_protocol import maintenance, registry, units


def _words(prefix, module=registry):
    """dict int -> str of the module's constants with this prefix."""
    return {v: name[len(prefix) :].lower() for name, v in vars(module).items() if name.startswith(prefix)}


MESSAGES = _words("MSG_")
TLVS = _words("TLV_")
RECORDS = _words("RECORD_")
KINDS = _words("KIND_")
UNITS = _words("UNIT_", units)
ACTUATORS = _words("ACTUATOR_", units)
FAULTS = _words("FAULT_")
CAUSES = _words("CAUSE_")
EVENTS = _words("EVENT_")
TIME_SOURCES = _words("TIME_")
STOP_SOURCES = _words("STOP_")
RESULTS = _words("RESULT_")
CHECKS = _words("CHECK_", maintenance)
RESETS = _words("RESET_")
LEVELS = _words("LOG_")
STATES = _words("STATE_")
TROUBLES = _words("TROUBLE_")
IMAGES = _words("IMAGE_")
