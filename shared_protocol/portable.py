"""Owns the one difference between the interpreters at import time: `const`. Imported by every module with constants.

The MicroPython compiler folds `NAME = const(…)` wherever the called name is `const`; CPython needs a function.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        """Return `value` unchanged."""
        return value


__all__ = ("const",)
