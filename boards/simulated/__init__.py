"""The simulated board: the firmware in a real MicroPython (or CPython) on a PC, with a world behind its pins.

run.py is the chip's ROM, modules/ shadow the chip's built-in modules, harness.py is the seam between the two and the
world; process.py (CPython) starts and kills boards. Only process.py is meant for the rest of the project.
"""
