"""A littlefs on RAM whose power can be cut at block operation n. Used by the flash scripts."""

import gc
import os

try:
    import vfs
except ImportError:
    vfs = os


class PowerCut(Exception):
    pass


class RamDisk:
    """Block device of the extended protocol; writes and erases count, number `cut_at` and all later ones fail."""

    def __init__(self, blocks=96, size=4096, image=None):
        self.size = size
        self.data = image if image is not None else bytearray(blocks * size)
        self.operations = 0
        self.cut_at = -1

    def _count(self):
        self.operations += 1
        if self.cut_at >= 0 and self.operations > self.cut_at:
            raise OSError(5)

    def readblocks(self, block, buf, offset=0):
        if self.cut_at >= 0 and self.operations > self.cut_at:
            raise OSError(5)
        start = block * self.size + offset
        buf[:] = self.data[start : start + len(buf)]

    def writeblocks(self, block, buf, offset=None):
        self._count()
        if offset is None:
            offset = 0
        start = block * self.size + offset
        self.data[start : start + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // self.size
        if op == 5:
            return self.size
        if op == 6:
            self._count()
            start = arg * self.size
            self.data[start : start + self.size] = b"\xff" * self.size
            return 0
        return 0


def mount(disk, fresh=False):
    """Mount it at /flash, formatted when fresh, and stand in it."""
    if fresh:
        vfs.VfsLfs2.mkfs(disk)
    vfs.mount(vfs.VfsLfs2(disk), "/flash")
    os.chdir("/flash")


def umount():
    gc.collect()  # what a cut left open is closed while its file system still stands
    os.chdir("/")
    vfs.umount("/flash")
