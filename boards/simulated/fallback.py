"""The simulated board without a MicroPython: CPython plays it, the flash is a folder (for run.py).

The firmware's paths are relative to the root of its file system, which is the working directory here. `os`, `gc` and
`sys` get the few names that only MicroPython has; memory figures mean nothing here.
"""

import gc
import importlib.util
import os
import select as host_select  # noqa: F401  (these three: for modules/, captured before they are shadowed)
import shutil
import socket as host_socket  # noqa: F401
import sys
import time as host_time  # noqa: F401
import types
from pathlib import Path

from boards.simulated import host

BLOCK = 4096


def shadow(names):
    """Put the chip's modules in the place of CPython's built-in ones of the same name."""
    for name in names:
        place = Path(__file__).parent / "modules" / (name + ".py")
        found = importlib.util.spec_from_file_location(name, place)
        sys.modules[name] = module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)


def mount(spec, board):
    """Fill the flash folder from the image where it is new, and go there."""
    flash = Path(board.folder) / "flash"
    if host.read_file(board.folder + "/flashed") != spec["image_hash"]:
        for name in spec["image_provisioned"]:
            (flash / name).unlink(missing_ok=True)
        for name in spec["image_files"]:
            target = flash / name
            if name in spec["image_kept"] and target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(spec["image"]) / name, target)
        host.replace_file(board.folder + "/flashed", spec["image_hash"])
    os.chdir(flash)
    _take_over(spec["flash_blocks"])


def _take_over(blocks):
    """Give CPython's modules what the firmware may use of MicroPython's."""

    def statvfs(path):
        used = sum(-(-item.stat().st_size // BLOCK) for item in Path(".").rglob("*") if item.is_file())
        free = max(0, blocks - used)
        return BLOCK, BLOCK, blocks, free, free, 0, 0, 0, 0, 255

    def ilistdir(path="."):
        for item in os.scandir(path or "."):
            yield item.name, 0x4000 if item.is_dir() else 0x8000, 0, item.stat().st_size

    os.rename, os.statvfs, os.ilistdir, os.sync = os.replace, statvfs, ilistdir, lambda: None
    gc.collect = lambda: 0  # a full collection takes CPython 10 ms; counting references is enough here
    gc.mem_free, gc.mem_alloc, gc.threshold = lambda: 100_000, lambda: 0, lambda *count: -1
    sys.print_exception = lambda error, file=None: sys.excepthook(type(error), error, error.__traceback__)
    sys.modules["micropython"] = _micropython()


def _micropython():
    module = types.ModuleType("micropython")
    module.const = lambda value: value
    module.kbd_intr = lambda character: None
    module.opt_level = lambda *level: 0
    module.mem_info = lambda *verbose: None
    module.native = module.viper = lambda function: function
    module.alloc_emergency_exception_buf = lambda size: None
    return module
