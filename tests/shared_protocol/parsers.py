"""Every parser of shared_protocol under one name, and what it makes of any bytes; on CPython and on MicroPython.

As a script (`micropython parsers.py FILE`) it replays lines of {"parser", "hex", "outcome"} and prints differences.
"""

import json
import sys

from shared_protocol import cobs, errors, frame, handshake, maintenance, messages, record, session, unblock
from shared_protocol.wire import Reader

KEY = bytes(16)
TEXTS = ("offer", "log", "event", "table")  # MicroPython is laxer about what UTF-8 is: overlong forms, surrogates


def hub_session():
    return session.Session(7, 9, KEY, KEY, True)


def reader(function):
    return lambda data: function(Reader(data))


PARSERS = {
    "header": frame.parse_header,
    "clear": frame.open_clear,
    "hello": lambda data: handshake.open_hello(KEY, data),
    "hello_ack": lambda data: handshake.open_hello_ack(KEY, data, b"abcdefgh"),
    "hello_body": reader(handshake.decode_hello),
    "hello_ack_body": reader(handshake.decode_hello_ack),
    "nosess": handshake.open_nosess,
    "discover": handshake.open_discover,
    "offer": handshake.open_offer,
    "sealed": lambda data: hub_session().open(data),
    "event": record.decode_event,
    "table": record.decode_table,
    "block": unblock.decode_block,
    "cobs": cobs.decode,
    "tlvs": lambda data: Reader(data).tlvs(),
    "numbers": lambda data: Reader(data).numbers(),
}
for module in (messages, maintenance):
    for name in dir(module):
        if name.startswith("decode_"):
            PARSERS[name[7:]] = getattr(module, name)


def plain(value):
    """What JSON would say."""
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return "hex:" + bytes(value).hex()
    return value


def outcome(name, data):
    """The message as plain values, or the cause of the ProtocolError; any other exception gets out."""
    try:
        return plain(PARSERS[name](data))
    except errors.ProtocolError as error:
        return "cause:" + error.cause


def main():
    """Exit code 1 when an outcome differs from the file's."""
    differ = count = 0
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            case = json.loads(line)
            found = outcome(case["parser"], bytes.fromhex(case["hex"]))
            count += 1
            lax = case["parser"] in TEXTS and case["outcome"] == "cause:malformed"
            if found != case["outcome"] and not lax:
                differ += 1
                print("DIFFERS", found, line)
    print(count, "outcomes,", differ, "differ on", sys.implementation.name)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
