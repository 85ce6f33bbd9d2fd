"""Owns the error tree of the protocol. Raised by every module of shared_protocol, counted by cause on node and hub.

ProtocolError
 ├─ Truncated      a length or a field reaches past the end of the bytes
 ├─ Malformed      the bytes are there but cannot mean anything
 ├─ BadVersion     a major version that this side does not speak
 ├─ UnknownType    a critical message type or TLV that this side does not know
 ├─ BadTag         authentication tag or checksum does not match
 ├─ Replayed       a counter that was seen already or is too old to tell
 ├─ Reflected      a frame of our own direction came back to us
 ├─ NotOurs        another node or another session
 ├─ Exhausted      the session's counter is used up: a new HELLO is needed
 └─ OutOfRange     the caller asked to encode a value that its field cannot hold

`cause` (str) is for logs and pages, `number` (int) is the same on the wire (TLV_REJECTED); numbers are never reused.
"""


class ProtocolError(Exception):
    """Root of everything that bytes from outside can cause."""

    cause = "protocol"
    number = 0


class Truncated(ProtocolError):
    cause = "truncated"
    number = 1


class Malformed(ProtocolError):
    cause = "malformed"
    number = 2


class BadVersion(ProtocolError):
    cause = "bad_version"
    number = 3


class UnknownType(ProtocolError):
    cause = "unknown_type"
    number = 4


class BadTag(ProtocolError):
    cause = "bad_tag"
    number = 5


class Replayed(ProtocolError):
    cause = "replayed"
    number = 6


class Reflected(ProtocolError):
    cause = "reflected"
    number = 7


class NotOurs(ProtocolError):
    cause = "not_ours"
    number = 8


class Exhausted(ProtocolError):
    cause = "exhausted"
    number = 9


class OutOfRange(ProtocolError):
    cause = "out_of_range"
    number = 10
