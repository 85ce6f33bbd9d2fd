"""Boards: one JSON file per board says which chip it is and what is wired where; board.py checks it.

`boards/*.json` are real boards, `boards/simulated/` is the board that is a PC process. For flash_tools, hub.cli, tests.
"""
