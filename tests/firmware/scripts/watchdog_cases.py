"""When the watchdog is fed: one case each, named by argv[1], with a chip that counts the feedings."""

import sys


class Chip:
    """Stands for the module `machine`."""

    fed = 0

    def WDT(self, timeout):
        self.timeout = timeout
        return self

    def feed(self):
        self.fed += 1


sys.modules["machine"] = chip = Chip()

from node.watchdog import Watchdog  # noqa: E402


class Sense:
    sampled_ms = 0
    sample_s = 10


class Actuators:
    decided_ms = 0


def fed(now, sampled_ms, decided_ms, sample_s=10):
    """True when a step at this time feeds."""
    Sense.sampled_ms, Sense.sample_s, Actuators.decided_ms = sampled_ms, sample_s, decided_ms
    before = chip.fed
    dog = Watchdog(Sense, Actuators)
    assert chip.timeout == 10000
    dog.step(now)
    assert now < dog.due <= now + 1000
    return chip.fed > before


def fed_while_all_is_on_time():
    assert fed(100000, 100000, 100000)
    assert fed(100000, 50000, 80000)


def not_when_control_is_late():
    """However slowly the sensors are read."""
    assert not fed(100000, 100000, 79999)
    assert not fed(1000000, 1000000, 979999, sample_s=600)


def not_when_sampling_is_late():
    assert fed(100000, 50000, 100000) and not fed(100000, 49999, 100000)
    assert fed(2000000, 2000000 - 1820000, 2000000, sample_s=600)


globals()[sys.argv[1]]()
print("ok")
