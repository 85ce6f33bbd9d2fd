"""A capacitive soil probe on ADC1. Loaded by drivers when the board has one.

Dry is 2.2 to 2.7 V, wet 1.0 to 1.2 V; under 300 mV or over 3000 mV the wire is shorted or open. `read_uv` is
straight only from 150 to 2450 mV at 11 dB.
"""

from machine import ADC, Pin

from shared_protocol import registry as g

_SAMPLES = 15
_SHORT_UV = 300000
_OPEN_UV = 3000000
_LEAST_SPAN_UV = 500000
_BEYOND = 100  # tenths of a percent outside the calibration that are only rounding


class Driver:
    """Moisture in tenths of a percent between the calibrated dry and wet voltage of this very probe."""

    wait_ms = 0

    def __init__(self, entries, calibration):
        self.raws = [None]
        self._adc = ADC(Pin(entries[0]["pin"]), atten=ADC.ATTN_11DB)
        self._id = entries[0]["id"]
        self._calibration = calibration

    def begin(self):
        """Nothing to start."""

    def read(self):
        """The median of 15 samples; `raws` has it in mV."""
        uv = self.median()
        self.raws[0] = uv // 1000
        return [self.judge(uv)]

    def median(self):
        """Microvolts."""
        samples = [self._adc.read_uv() for _ in range(_SAMPLES)]
        samples.sort()
        return samples[_SAMPLES // 2]

    def judge(self, uv):
        """(moisture or None, fault)."""
        if uv < _SHORT_UV:
            return None, g.FAULT_SHORTED
        if uv > _OPEN_UV:
            return None, g.FAULT_OPEN
        dry, wet = self._calibration.get(self._id, (0, 0))
        if dry - wet < _LEAST_SPAN_UV:
            return None, g.FAULT_NOT_CALIBRATED
        part = (dry - uv) // 100 * 1000 // ((dry - wet) // 100)
        if not -_BEYOND <= part <= 1000 + _BEYOND:
            return None, g.FAULT_OUT_OF_RANGE
        return min(max(part, 0), 1000), 0

    def revive(self):
        """Nothing to wake."""
