"""Owns the numbers of units and of actuator kinds. Used by hub and tools; a node carries them unread in its board file.

Apart from registry.py because each name costs the board about 30 bytes of RAM. Numbers are never reused.
"""

from shared_protocol.portable import const

# Units; the value on the wire is value × 10**scale of the unit.
UNIT_NONE = const(0)
UNIT_CELSIUS = const(1)
UNIT_PERCENT = const(2)
UNIT_ON_OFF = const(3)
UNIT_LITRE_PER_MINUTE = const(4)
UNIT_LUX = const(5)
UNIT_PPM = const(6)
UNIT_MILLIMETRE = const(7)
UNIT_VOLT = const(8)
UNIT_MILLISIEMENS_PER_CM = const(9)
UNIT_PH = const(10)
UNIT_METRE_PER_SECOND = const(11)
UNIT_HECTOPASCAL = const(12)
UNIT_KILOGRAM = const(13)
UNIT_LITRE = const(14)

# Kinds of actuators.
ACTUATOR_FAN = const(1)
ACTUATOR_MISTER = const(2)
ACTUATOR_PUMP = const(3)
ACTUATOR_VENT = const(4)
ACTUATOR_HEATER = const(5)
ACTUATOR_LIGHT = const(6)
ACTUATOR_AERATOR = const(7)
ACTUATOR_BUZZER = const(8)
ACTUATOR_LAMP = const(9)
ACTUATOR_VALVE = const(10)
ACTUATOR_DRYER = const(11)
ACTUATOR_OTHER = const(12)
