"""A simulated board whose flash and REPL a tool works on: what MicroPython 1.23 does at its start (for run.py).

The flash is a whole chip's, and the process is `micropython -i`: after main.py its REPL. Its end (Ctrl-D) is a soft
reset.
"""

import os
import sys

from boards.simulated import harness, host

NOT_THERE = (2, 19)
CORRUPTED = """\
The filesystem appears to be corrupted. If you had important data there, you
may want to make a flash snapshot to try to recover it. Otherwise, perform
factory reprogramming of MicroPython firmware (completely erase flash, followed
by firmware programming).
"""
READY = "simulated board: boot.py"  # from here on Ctrl-C interrupts
FIRST_BOOT = "# This file is executed on every boot (including wake-boot from deepsleep)\n"


def file_system(vfs, flash, spec, board):
    """As _boot.py and inisetup.py: mount, or make a new one on erased flash; None on a damaged one after Ctrl-C."""
    blocks = flash.FileBlocks(spec["flash"], spec["flash_blocks"], spec["flash_at"], spec["tally"])
    board.flash = blocks
    blocks.on_cut = host.die
    try:
        return vfs.VfsLfs2(blocks, progsize=32)
    except OSError:
        return _set_up(vfs, blocks, b"\xff" * flash.BLOCK)


def _set_up(vfs, blocks, erased):
    first = bytearray(len(erased))
    blocks.readblocks(0, first)
    if first != erased:
        _corrupted(vfs)
        return None
    print("Performing initial setup")
    vfs.VfsLfs2.mkfs(blocks, progsize=32)
    system = vfs.VfsLfs2(blocks, progsize=32)
    with system.open("/boot.py", "w") as file:
        file.write(FIRST_BOOT)
    return system


def _corrupted(vfs):
    """Say so for ever; Ctrl-C leads to a REPL without a file system."""
    import time

    vfs.umount("/")
    try:
        while True:
            print(CORRUPTED)
            time.sleep(3)
    except KeyboardInterrupt as error:
        sys.print_exception(error)


def run(board, run_file):
    """boot.py and main.py; one that is missing or fails is passed over. Before a raw REPL main.py does not run."""
    sys.atexit(lambda: _end(board))
    names = {"__name__": "__main__"}
    print(READY)
    for path in ("boot.py",) if board.spec["raw"] else ("boot.py", "main.py"):
        if not _there(path):
            continue
        try:
            run_file(path, names)
        except (Exception, KeyboardInterrupt) as error:
            sys.print_exception(error)


def _there(path):
    try:
        os.stat(path)
    except OSError as error:
        if error.errno not in NOT_THERE:
            sys.print_exception(error)
        return False
    return True


def _end(board):
    if host.modified(board.folder + "/reset") is None:
        board.reset(harness.SOFT_RESET)
