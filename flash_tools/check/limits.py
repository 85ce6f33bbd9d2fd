"""Owns the limits by which the check judges. Those with a source name it; the others are starting values, to be moved
when farms have measured. Used by judge and lan.
"""

# Wi-Fi, dBm. -67 is what Wi-Fi planning guides ask for steady links (voice); -75 is a starting value: an ESP32 still
# joins there, but each rain or closed door costs it the link.
RSSI_GOOD = -67
RSSI_LEAST = -75
MOST_TRIES = 2  # starting value: a join that needs more is not dependable

# Ten readings within 20 s may be that far apart, tenths (starting values; a DHT22's noise is under 0.5 °C and 2 %).
SPREAD = {"temperature": 15, "humidity": 60, "moisture": 50}
# What air, beds and soil of a farm in Vietnam can be where somebody tests a node, tenths (starting values).
PLAUSIBLE = {"temperature": (-50, 600), "humidity": (50, 1000), "moisture": (0, 1000)}

# A soil probe in air, mV without calibration: dry is 2.2 to 2.7 V, wet 1.0 to 1.2 V, over 3.0 V the wire is open.
AIR_MV = 2200
AIR_TENTHS = 30  # of a percent, calibrated: at its dry end (starting value)

# A hand around a sensor moves it by at least so much, tenths; a soil probe in mV (starting values).
HAND = {"temperature": 10, "humidity": 50}
HAND_MV = 80

HEAP_LEAST = 64 * 1024  # bytes that the node's code alone takes (docs/firmware.md)
HEAP_LEAST_RUNNING = 8 * 1024  # starting value: free beside it, while it runs
FLASH_LEAST = 64 * 1024  # bytes: room for an update's file and for the journal to turn over (starting value)
BROWNOUTS = 3  # at least so many, and
BROWNOUT_SHARE = 4  # at least one start in so many: a weak supply (starting values)
CLOCK_OFF_S = 120  # starting value; an order is void 20 s after its tap, but by the node's uptime, not by this clock
