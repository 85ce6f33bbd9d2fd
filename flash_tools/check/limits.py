"""Owns the limits by which the check judges. Those with a source name it; the others are starting values, to be moved
when farms have measured. Used by judge and sensors; those that the hub's page has too are shared_protocol.judging's.
"""

MOST_TRIES = 2  # starting value: a join that needs more is not dependable

# A hand around a sensor moves it by at least so much, tenths; a soil probe in mV (starting values).
HAND = {"temperature": 10, "humidity": 50}
HAND_MV = 80

HEAP_LEAST = 64 * 1024  # bytes that the node's code alone takes (docs/firmware.md)
BROWNOUTS = 3  # at least so many, and
BROWNOUT_SHARE = 4  # at least one start in so many: a weak supply (starting values)
CLOCK_OFF_S = 120  # starting value; an order is void 20 s after its tap, but by the node's uptime, not by this clock
