"""The simulated board's ROM: mounts the flash, puts the image on it, runs boot.py and main.py (for process.py).

`python -m boards.simulated.run SPEC.json` in MicroPython or CPython. The process is one boot: a reset ends it and
process.py starts the next. Main ending or failing leaves the board at its REPL: it says so and the process ends,
unless a watchdog is armed, which then bites. With spec["console"] (`micropython -i`) there really is a REPL.
"""

import json
import os
import sys

from boards.simulated import harness, host

BUILT_INS = ("time", "machine", "network", "dht", "onewire", "ds18x20", "esp32", "socket", "select")


def main(spec_path):
    spec = json.loads(host.read_file(spec_path))
    harness.board = board = harness.Harness(spec)
    if board.lost_power and host.modified(board.folder + "/rtc") is not None:
        host.remove(board.folder + "/rtc")
    if host.MICROPYTHON:
        for name in BUILT_INS:
            __import__(name)
        sys.modules["gc"] = __import__("boards.simulated.board_gc", None, None, ("collect",))
    else:
        from boards.simulated import fallback

        fallback.shadow(BUILT_INS)
    board.look_around()
    print("simulated board: boot %d, cause %d, t %d ms" % (board.boot, board.cause, board.start_ms))
    if host.MICROPYTHON:
        _mount(spec, board)
    else:
        fallback.mount(spec, board)
    if spec.get("stats"):
        board.write_stat(board.start_ms)
    if spec.get("console"):
        from boards.simulated import console

        console.run(board, run_file)
    else:
        _run_firmware(board)


def run_file(path, names):
    """Run one file of the board's in this namespace."""
    with open(path) as file:
        text = file.read()
    exec(compile(text, path, "exec"), names)


def _run_firmware(board):
    """boot.py, then main.py, in one namespace; SystemExit is a soft reset."""
    names = {"__name__": "__main__"}
    try:
        for path in ("boot.py", "main.py"):
            run_file(path, names)
    except SystemExit:
        board.reset(harness.SOFT_RESET)
        return
    except (Exception, KeyboardInterrupt) as error:
        sys.print_exception(error)
    print("simulated board: main.py ended, REPL")
    while board.clock.alarm_us is not None:
        board.clock.sleep_us(1000000)
    sys.exit(1)


def _mount(spec, board):
    """littlefs on the flash file becomes /; the PC's file system is reached through host.py only from here on."""
    import vfs

    from boards.simulated import flash

    if "flash" in spec:
        from boards.simulated import console

        system = console.file_system(vfs, flash, spec, board)
        if system is not None:
            go_to(vfs, system)
        return
    blocks = flash.FileBlocks(board.folder + "/flash.bin", spec["flash_blocks"])
    board.flash = blocks
    if blocks.new:
        vfs.VfsLfs2.mkfs(blocks, progsize=32)
    system = vfs.VfsLfs2(blocks, progsize=32)
    flashed = host.read_file(board.folder + "/flashed")
    if flashed != spec["image_hash"]:
        _copy_image(system, spec)
        host.replace_file(board.folder + "/flashed", spec["image_hash"])
    blocks.erases = blocks.programs = 0
    blocks.cut_at = spec.get("cut_at")
    blocks.on_cut = host.die if spec["cut_kills"] else None
    go_to(vfs, system)


def go_to(vfs, system):
    """The board's file system becomes /."""
    vfs.umount("/")
    vfs.mount(system, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


def _copy_image(system, spec):
    """Put the image's files on the flash, settings and recipe too: the specification is this board's provisioning."""
    for path in spec["image_provisioned"]:
        if _exists(system, path):
            system.remove(path)
    for path in spec["image_files"]:
        if path in spec["image_kept"] and _exists(system, path):
            continue
        _make_folders(system, path)
        with host.open_file(spec["image"] + "/" + path, "rb") as source, system.open("/" + path, "wb") as target:
            while True:
                chunk = source.read(512)
                if not chunk:
                    break
                target.write(chunk)


def _make_folders(system, path):
    parts = path.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        folder = "/" + "/".join(parts[:count])
        if not _exists(system, folder):
            system.mkdir(folder)


def _exists(system, path):
    try:
        system.stat(path)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1])
