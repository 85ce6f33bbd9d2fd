"""Runs every vector against shared_protocol, unchanged on CPython (test_vectors.py) and on MicroPython.

`micropython tests/shared_protocol/run_vectors.py`, with the project's root on MICROPYPATH, prints how many passed.
"""

import json
import sys

from shared_protocol import (
    block,
    cobs,
    crypt,
    errors,
    frame,
    handshake,
    maintenance,
    messages,
    record,
    session,
    unblock,
)
from shared_protocol.wire import Reader, put_optional, put_uv, put_zz

FOLDER = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/vectors/"
MODULES = {"messages": messages, "maintenance": maintenance}
WRITERS = {"uv": put_uv, "zz": put_zz, "optional": put_optional}


def load(name):
    with open(FOLDER + name + ".json", encoding="utf-8") as file:
        return json.load(file)


def unhex(text):
    return bytes.fromhex(text)


def plain(value):
    """What JSON would say: lists, and bytes as "hex:…"."""
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return "hex:" + bytes(value).hex()
    return value


def built(value):
    """The reverse: tuples, and bytes from "hex:…"."""
    if isinstance(value, list):
        return tuple([built(item) for item in value])
    if isinstance(value, str) and value.startswith("hex:"):
        return unhex(value[4:])
    return value


def equal(found, expected):
    assert found == expected, repr(found) + " instead of " + repr(expected)


def rejects(cause, function, *args):
    """The call must raise the ProtocolError of this cause; "" = none."""
    try:
        function(*args)
        found = ""
    except errors.ProtocolError as error:
        found = error.cause
    equal(found, cause)


def check_number(case):
    buf = bytearray()
    WRITERS[case["kind"]](buf, case["value"])
    equal(buf.hex(), case["hex"])
    reader = Reader(unhex(case["hex"]))
    equal(getattr(reader, case["kind"])(), case["value"])
    equal(reader.left, 0)


def check_no_number(case):
    rejects(case["cause"], getattr(Reader(unhex(case["hex"])), case["kind"]))


def check_rfc3610(case):
    ccm = crypt.Ccm(unhex(case["key"]))
    nonce, aad, text = unhex(case["nonce"]), unhex(case["aad"]), unhex(case["text"])
    sealed = ccm.seal(aad, text, nonce)
    equal(sealed.hex(), case["aad"] + case["sealed"])
    equal(ccm.open(sealed, nonce), text)


def check_rfc4231(case):
    equal(crypt.hmac_sha256(unhex(case["key"]), unhex(case["data"])).hex(), case["mac"])


def check_keys(case):
    k = unhex(case["k"])
    equal(session.mac_key(k).hex(), case["k_mac"])
    equal(session.kdf_key(k).hex(), case["k_kdf"])
    nn, nh = unhex(case["nn"]), unhex(case["nh"])
    up, down = session.session_keys(session.kdf_key(k), case["node"], case["session"], nn, nh)
    equal((up.hex(), down.hex()), (case["k_up"], case["k_down"]))


def check_nonce(case):
    k = bytes(range(16))
    equal(session.hello_nonce(unhex(case["random"]), case["boot_no"], case["ticks"], k).hex(), case["nn"])


def check_image(case):
    tag = maintenance.image_tag(unhex(case["k"]), unhex(case["version"]), unhex(case["sha256"]))
    equal(tag.hex(), case["tag"])


def check_hello(case):
    key, data = unhex(case["k_mac"]), unhex(case["frame"])
    hello = handshake.Hello(*built(case["fields"]))
    equal(handshake.hello_frame(key, case["node"], hello).hex(), case["frame"])
    header, found = handshake.open_hello(key, data)
    equal((header.node, plain(found)), (case["node"], case["fields"]))
    rejects("bad_tag", handshake.open_hello, bytes(16), data)


def check_hello_ack(case):
    key, data, nn = unhex(case["k_mac"]), unhex(case["frame"]), unhex(case["nn"])
    ack = handshake.HelloAck(*built(case["fields"]))
    equal(handshake.hello_ack_frame(key, case["node"], case["session"], ack, nn).hex(), case["frame"])
    header, found = handshake.open_hello_ack(key, data, nn)
    equal((header.session, plain(found)), (case["session"], case["fields"]))
    rejects("bad_tag", handshake.open_hello_ack, key, data, bytes(8))


def check_clear(case):
    name = case["clear"]
    if name == "nosess":
        equal(handshake.nosess_frame(case["node"], case["session"]).hex(), case["frame"])
        equal(handshake.open_nosess(unhex(case["frame"])), (case["node"], case["session"]))
    elif name == "discover":
        equal(handshake.discover_frame(unhex(case["nonce"])).hex(), case["frame"])
        equal(handshake.open_discover(unhex(case["frame"])).hex(), case["nonce"])
    else:
        offer = unhex(case["nonce"]), case["port"], case["name"]
        equal(handshake.offer_frame(*offer).hex(), case["frame"])
        equal(handshake.open_offer(unhex(case["frame"])), offer)


def pair():
    """(node's Session, hub's Session) of the vectors."""
    keys = load("crypto")["keys"]
    up, down = unhex(keys["k_up"]), unhex(keys["k_down"])
    node = session.Session(keys["node"], keys["session"], up, down, False)
    return node, session.Session(keys["node"], keys["session"], down, up, True)


def check_sealed(case):
    sender, receiver = pair()
    if case["direction"] == "down":
        sender, receiver = receiver, sender
    sender.counter = case["counter"]
    equal(sender.seal(case["type"], unhex(case["body"]), case["flags"]).hex(), case["frame"])
    header, body = receiver.open(unhex(case["frame"]))
    equal((header.type, header.counter, body.hex()), (case["type"], case["counter"], case["body"]))
    equal(header.flags & frame.WANT_ACK, case["flags"])
    rejects("replayed", receiver.open, unhex(case["frame"]))


def check_no_frame(case):
    rejects(case["cause"], pair()[1].open, unhex(case["frame"]))


def check_body(case):
    module, name = MODULES[case["module"]], case["name"]
    make = getattr(module, "".join([part[0].upper() + part[1:] for part in name.split("_")]))
    message = make(*built(case["fields"]))
    equal(getattr(module, "encode_" + name)(message).hex(), case["hex"])
    equal(plain(getattr(module, "decode_" + name)(unhex(case["hex"]))), case["fields"])


def check_no_body(case):
    rejects(case["cause"], getattr(MODULES[case["module"]], "decode_" + case["name"]), unhex(case["hex"]))


def check_event(case):
    equal(record.encode_event(record.Event(*built(case["fields"]))).hex(), case["hex"])
    equal(plain(record.decode_event(unhex(case["hex"]))), case["fields"])


def check_unknown_event(case):
    equal(plain(record.decode_event(unhex(case["hex"]))), case["fields"])


def check_table(case):
    number, channels, actuators = case["fields"]
    channels = [record.Channel(*channel) for channel in channels]
    table = record.Table(number, channels, [record.Actuator(*actuator) for actuator in actuators])
    equal(record.encode_table(table).hex(), case["hex"])
    equal(plain(record.decode_table(unhex(case["hex"]))), case["fields"])


def check_no_record(case):
    rejects(case["cause"], getattr(record, "decode_" + case["name"]), unhex(case["hex"]))


def check_block(case):
    expected = [case["boot_no"], case["table"], case["times"], case["columns"], case["states"]]
    equal(plain(unblock.decode_block(unhex(case["hex"]))), expected)
    equal(plain(unblock.decode_block(unhex(case["hex"]), unblock.PlainBitReader)), expected)
    times, columns, states = case["times"], case["columns"], case["states"]
    rows = [(times[i], tuple([column[i] for column in columns]), states[i]) for i in range(len(times))]
    own = block.encode_block(case["boot_no"], case["table"], rows)
    equal(plain(unblock.decode_block(own)), expected)
    assert len(own) <= len(case["hex"]) // 2 + 2 * len(columns), "longer than the vector by more than a choice's margin"


def check_no_block(case):
    data = unhex(case["hex"])
    rejects(case["cause"], unblock.decode_block, data)
    rejects(case["cause"], unblock.decode_block, data, unblock.PlainBitReader)


def check_cobs(case):
    equal(cobs.encode(unhex(case["data"])).hex(), case["coded"])
    equal(cobs.decode(unhex(case["coded"])).hex(), case["data"])


def check_no_cobs(case):
    rejects(case["cause"], cobs.decode, unhex(case["hex"]))


def frame_cases():
    """(what, check, case) of frames.json, whose entries differ most."""
    frames = load("frames")
    found = [("hello", check_hello, case) for case in frames["hello"]]
    found += [("hello_ack", check_hello_ack, case) for case in frames["hello_ack"]]
    for name in ("nosess", "discover", "offer"):
        frames[name]["clear"] = name
        found.append((name, check_clear, frames[name]))
    for direction in ("up", "down"):
        for case in frames[direction]:
            case["direction"] = direction
            found.append(("sealed " + direction, check_sealed, case))
    return found + [("reject frame " + case["name"], check_no_frame, case) for case in frames["reject"]]


def crypto_cases():
    crypto = load("crypto")
    found = [("RFC 3610", check_rfc3610, case) for case in crypto["rfc3610"]]
    found += [("RFC 4231", check_rfc4231, case) for case in crypto["rfc4231"]]
    once = (("keys", check_keys), ("nonce", check_nonce), ("image", check_image))
    return found + [(name, check, crypto[name]) for name, check in once]


def record_cases():
    records = load("records")
    found = [("event " + str(case["fields"][0]), check_event, case) for case in records["events"]]
    found += [("table", check_table, case) for case in records["tables"]]
    found.append(("unknown event", check_unknown_event, records["unknown"]))
    return found + [("reject record", check_no_record, case) for case in records["reject"]]


def cases():
    """Every vector: list of (name, check, case); check(case) raises AssertionError when it fails."""
    found = crypto_cases() + frame_cases() + record_cases()
    for name, accept, reject in (
        ("wire", check_number, check_no_number),
        ("messages", check_body, check_no_body),
        ("blocks", check_block, check_no_block),
        ("cobs", check_cobs, check_no_cobs),
    ):
        content = load(name)
        found += [(name, accept, case) for case in content["accept"]]
        found += [("reject " + name, reject, case) for case in content["reject"]]
    return found


def main():
    """Exit code 1 when a vector fails."""
    failed = 0
    every = cases()
    for name, check, case in every:
        try:
            check(case)
        except Exception as error:
            failed += 1
            print("FAILED", name, repr(error), case)
    print(len(every) - failed, "of", len(every), "vectors passed on", sys.implementation.name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
