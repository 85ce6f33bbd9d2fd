"""Owns every number that travels: types, tags, kinds, codes and limits. Imported by node and hub alike.

A number, once given, is never reused for anything else. `names.py` (hub only) turns them into words by their prefix.
"""

from shared_protocol.portable import const

EPOCH_2020 = const(1577836800)  # Unix time of 2020-01-01T00:00:00Z, where wall seconds on the wire start
VERSION = const(1)  # the only major version so far; vmin = vmax = 1

NODE_NONE = const(0x0000)
NODE_DISCOVERY = const(0xFFFF)

# Message types: 00-7F critical (unknown: NAK), 80-FF elective (unknown: ignored).
MSG_HELLO = const(0x01)
MSG_HELLO_ACK = const(0x02)
MSG_NOSESS = const(0x03)
MSG_DISCOVER = const(0x05)
MSG_OFFER = const(0x06)
MSG_RECORDS = const(0x10)
MSG_ACK = const(0x11)
MSG_NAK = const(0x12)
MSG_COMMAND = const(0x20)
MSG_RESULT = const(0x21)
MSG_STOP = const(0x22)
MSG_STOP_CLEAR = const(0x23)
MSG_RECIPE = const(0x28)
MSG_RECIPE_ACK = const(0x29)
MSG_SETTINGS = const(0x2A)
MSG_SETTINGS_ACK = const(0x2B)
MSG_CHECK = const(0x2E)
MSG_CHECK_RESULT = const(0x2F)
MSG_TIME_REQ = const(0x30)
MSG_TIME_RESP = const(0x31)
MSG_SERVICE = const(0x34)
MSG_UPDATE_BEGIN = const(0x38)
MSG_UPDATE_CHUNK = const(0x39)
MSG_UPDATE_STATUS = const(0x3A)
MSG_NOW = const(0x80)
MSG_LOG = const(0x81)

# TLV tags, one space for all messages: even elective (unknown: skipped), odd must be understood.
TLV_FIRMWARE = const(0x02)  # HELLO: version, UTF-8
TLV_RECIPE_HASH = const(0x04)  # HELLO: 8 bytes
TLV_SETTINGS_HASH = const(0x06)  # HELLO, last SETTINGS_ACK: 8 bytes
TLV_MAC = const(0x08)  # HELLO: 6 bytes
TLV_STOP = const(0x0A)  # HELLO, HELLO_ACK, NOW: u8, 1 = stop latched on the sender's side
TLV_BOARD = const(0x0C)  # HELLO: name of the board file, UTF-8
TLV_RESETS = const(0x0E)  # HELLO, NOW: uv each: power, watchdog, panic, brownout, other
TLV_SAFE_MODE = const(0x10)  # HELLO, NOW: u8, 1 = in safe mode
TLV_IMAGE = const(0x12)  # HELLO: first 8 bytes of the running image's SHA-256, then an IMAGE_ number u8
TLV_TRIAL = const(0x14)  # NOW: u8, 1 = the running image is on trial
TLV_INTERVALS = const(0x20)  # HELLO_ACK: uv each, seconds: sample, set, now
TLV_STORED_UP_TO = const(0x22)  # HELLO_ACK: uv, like ACK's up_to, for the HELLO's journal
TLV_CLOSE_NOW = const(0x24)  # HELLO_ACK: empty: close the open block
TLV_REFUSED = const(0x26)  # HELLO_ACK with version 0: u8 result code
TLV_VERSIONS = const(0x28)  # HELLO_ACK with version 0: vmin u8, vmax u8 of the hub
TLV_RSSI = const(0x40)  # NOW: i8, dBm
TLV_HEAP_FREE = const(0x42)  # NOW: uv, bytes
TLV_JOURNAL = const(0x44)  # NOW: uv each: first held, next, records dropped since format
TLV_REJECTED = const(0x46)  # NOW: {error number u8, count uv}*
TLV_RADIO = const(0x48)  # NOW: uv each since boot: Wi-Fi joins, sends that failed, sessions
TLV_IDF_HEAP = const(0x4A)  # NOW: uv, bytes free outside MicroPython's heap
TLV_LOOP_MS = const(0x4C)  # NOW: uv, longest step of the loop since the last NOW
TLV_TROUBLE = const(0x4E)  # NOW: {actuator u8, TROUBLE_ bits u8}*, only those with one
TLV_IMAGE_TAG = const(0x61)  # UPDATE_BEGIN: 16 bytes, see maintenance.image_tag

# Kinds of journal records.
RECORD_BLOCK = const(1)
RECORD_EVENT = const(2)
RECORD_TABLE = const(3)

# Kinds of channels.
KIND_AIR_TEMPERATURE = const(1)
KIND_AIR_HUMIDITY = const(2)
KIND_SOIL_MOISTURE = const(3)
KIND_SOIL_TEMPERATURE = const(4)
KIND_BED_TEMPERATURE = const(5)
KIND_BED_MOISTURE = const(6)
KIND_WATER_TEMPERATURE = const(7)
KIND_WATER_LEVEL = const(8)  # a float switch: 1 = water
KIND_WATER_FLOW = const(9)
KIND_LIGHT = const(10)
KIND_CO2 = const(11)
KIND_RAIN = const(12)
KIND_SUPPLY_VOLTAGE = const(13)
KIND_LEAF_WETNESS = const(14)
KIND_CONDUCTIVITY = const(15)
KIND_PH = const(16)
KIND_WIND_SPEED = const(17)
KIND_AIR_PRESSURE = const(18)
KIND_WEIGHT = const(19)
KIND_DOOR = const(20)
KIND_AMMONIA = const(21)

# Faults of a reading; 0 = good, at most 127.
FAULT_GOOD = const(0)
FAULT_NO_ANSWER = const(1)
FAULT_CHECKSUM = const(2)
FAULT_OUT_OF_RANGE = const(3)
FAULT_KNOWN_LIE = const(4)  # 0/0, 1/1, 99.9 % for hours: what a locked-up DHT sends
FAULT_RATE = const(5)
FAULT_FROZEN = const(6)
FAULT_TOO_OLD = const(7)
FAULT_OPEN = const(8)
FAULT_SHORTED = const(9)
FAULT_DISAGREE = const(10)
FAULT_NOT_CALIBRATED = const(11)
FAULT_WARMING_UP = const(12)
FAULT_BUS = const(13)
FAULT_UNSTEADY = const(14)

# Causes of an actuator's state; at most 127.
CAUSE_BOOT = const(0)
CAUSE_STOP = const(1)
CAUSE_INTERLOCK = const(2)
CAUSE_MAX_ON = const(3)
CAUSE_REST = const(4)
CAUSE_DAILY_CAP = const(5)
CAUSE_MIN_OFF = const(6)
CAUSE_FAULT = const(7)  # the channel is faulty: the actuator's fault state
CAUSE_MANUAL_ON = const(8)
CAUSE_MANUAL_OFF = const(9)
CAUSE_LEASE_OVER = const(10)
CAUSE_SCHEDULE = const(11)
CAUSE_ABOVE = const(12)  # the value is above its limit
CAUSE_BELOW = const(13)  # the value is below its limit
CAUSE_SATISFIED = const(14)  # the value is back in its band
CAUSE_IDLE = const(15)  # nothing asks for it
CAUSE_MIN_ON = const(16)
CAUSE_LOCKOUT = const(17)
CAUSE_SAFE_MODE = const(18)
CAUSE_SERVICE = const(19)
CAUSE_STAGGER = const(20)  # waits its turn to switch on
CAUSE_SHUTDOWN = const(21)
CAUSE_MASTER = const(22)  # a machine that it serves is on
CAUSE_NO_TIME = const(23)  # its schedule holds while the wall time is unknown
CAUSE_PAUSE = const(24)  # it rained: the rule pauses until an end
CAUSE_NO_SUPPLY = const(25)  # what it needs is not there, for example water in the tank
CAUSE_SETTLE = const(26)  # waits after the opposite machine went off
CAUSE_SOAK = const(27)  # between two pulses
CAUSE_DISAGREE = const(28)  # the sensors of its rule do not agree: its fault state

# States that a COMMAND may set.
STATE_OFF = const(0)
STATE_ON = const(1)
STATE_UNLOCK = const(2)  # end a lock-out

# How the image stands that a node runs (TLV_IMAGE).
IMAGE_PROVEN = const(0)
IMAGE_ON_TRIAL = const(1)
IMAGE_ROLLED_BACK = const(2)  # proven, and the last update did not hold
IMAGE_SPARE = const(3)  # the proven one was found damaged at the start, and this one runs in its place

# Bits of TLV_TROUBLE.
TROUBLE_LOCKED = const(1)
TROUBLE_NO_EFFECT = const(2)
TROUBLE_STUCK = const(4)

# Events; `record.py` knows the fields of each.
EVENT_BOOT = const(1)
EVENT_TIME = const(2)
EVENT_FAULT_START = const(3)
EVENT_FAULT_END = const(4)
EVENT_ACTUATOR = const(5)
EVENT_STOP = const(6)
EVENT_STOP_CLEAR = const(7)
EVENT_JOURNAL_LOST = const(8)
EVENT_SETTINGS = const(9)
EVENT_RECIPE = const(10)
EVENT_COMMAND = const(11)
EVENT_LOCKOUT = const(12)
EVENT_LOCKOUT_CLEAR = const(13)
EVENT_CHARGE = const(14)
EVENT_REFUND = const(15)
EVENT_RESET_AT_SWITCH = const(16)
EVENT_NO_EFFECT = const(17)
EVENT_SAFE_MODE = const(18)
EVENT_UPDATE = const(19)
EVENT_JOURNAL_NEW = const(20)
EVENT_TIME_REFUSED = const(21)
EVENT_SERVICE = const(22)
EVENT_STUCK = const(23)
EVENT_RESPONSE_OK = const(24)

# Sources of a wall time (EVENT_TIME, EVENT_TIME_REFUSED).
TIME_HELLO_ACK = const(1)
TIME_RESPONSE = const(2)
TIME_SERVICE = const(3)

# Sources of a stop (EVENT_STOP, EVENT_STOP_CLEAR).
STOP_HUB = const(1)
STOP_INPUT = const(2)
STOP_SERVICE = const(3)

# Results of commands and of everything else that is answered; also NAK codes.
RESULT_OK = const(0)
RESULT_TOO_LATE = const(1)
RESULT_NO_ACTUATOR = const(2)
RESULT_BAD_STATE = const(3)
RESULT_NO_LEASE = const(4)
RESULT_STOPPED = const(5)
RESULT_INTERLOCK = const(6)
RESULT_MAX_ON = const(7)
RESULT_REST = const(8)
RESULT_DAILY_CAP = const(9)
RESULT_MIN_OFF = const(10)
RESULT_LOCKOUT = const(11)
RESULT_SAFE_MODE = const(12)
RESULT_UNKNOWN_TYPE = const(13)
RESULT_MALFORMED = const(14)
RESULT_BUSY = const(15)
RESULT_NO_SPACE = const(16)
RESULT_BAD_HASH = const(17)
RESULT_BAD_OFFSET = const(18)
RESULT_WRONG_VERSION = const(19)
RESULT_NOT_ALLOWED = const(20)
RESULT_NO_COMMON_VERSION = const(21)
RESULT_OTHER_BOARD = const(22)  # the same node number from another MAC address
RESULT_RETIRED = const(23)
RESULT_FLASH = const(24)
RESULT_NOT_STORED = const(25)
RESULT_FAULT = const(26)
RESULT_NO_SUPPLY = const(27)
RESULT_SETTLE = const(28)
RESULT_ON_TRIAL = const(29)

# Causes of a reset.
RESET_UNKNOWN = const(0)
RESET_POWER = const(1)
RESET_WATCHDOG = const(2)
RESET_PANIC = const(3)
RESET_BROWNOUT = const(4)
RESET_SOFT = const(5)
RESET_TOOL = const(6)
RESET_UPDATE = const(7)
RESET_BUTTON = const(8)

# Levels of LOG.
LOG_DEBUG = const(0)
LOG_INFO = const(1)
LOG_WARNING = const(2)
LOG_ERROR = const(3)

# Limits and timers.
MAX_UV = const(0x0FFFFFFF)  # four groups of seven bits
MAX_VALUE = const(0x003FFFFF)  # |value| in a block: any difference of two fits in 24 bits, zigzag
MAX_PLACE = const(24)  # bytes of UTF-8 of a place or an actuator's name
MAX_CHANNELS = const(15)  # a block counts its columns in four bits
MAX_ACTUATORS = const(8)
MAX_SETS = const(240)
MAX_BLOCK = const(440)  # bytes
WINDOW_HUB = const(64)
WINDOW_NODE = const(24)
DATAGRAMS_PER_STEP = const(4)
PENDING_SESSIONS = const(4)
REMEMBERED_COMMANDS = const(16)
NOW_S = const(15)
MISSED_NOWS = const(3)
COMMAND_RETRY_MS = const(200)
COMMAND_FAST_MS = const(2000)
COMMAND_SLOW_MS = const(1000)
COMMAND_LIFE_S = const(20)  # from the tap to the deadline
RECORDS_RETRY_MS = const(1000)
RECORDS_RETRY_MAX_MS = const(30000)
RECORDS_IN_FLIGHT = const(4)
HELLO_RETRY_MS = const(1000)
HELLO_RETRY_MAX_MS = const(30000)
CLOCK_JUMP_S = const(300)
