"""`gc` in the board's bytes: this PC's words are twice as large, and so is all that the real one takes or gives."""

from boards.simulated.host import real_gc

WORD_SHARE = 2
GARBAGE_SHARE = 8  # the world behind the pins leaves garbage on the same heap, mostly floats: collect as much later

collect = real_gc.collect
enable = real_gc.enable
disable = real_gc.disable
isenabled = real_gc.isenabled


def mem_free():
    return real_gc.mem_free() // WORD_SHARE


def mem_alloc():
    return real_gc.mem_alloc() // WORD_SHARE


def threshold(amount=None):
    if amount is None:
        found = real_gc.threshold()
        return found if found < 0 else found // GARBAGE_SHARE
    return real_gc.threshold(amount if amount < 0 else amount * GARBAGE_SHARE)
