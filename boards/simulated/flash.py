"""The simulated board's flash: 4096-byte blocks for littlefs in a host file or in RAM (for run.py and tests).

A file survives the process as flash survives a power cut: each write reaches the kernel before the next begins.
`cut_at`: the operation (program or erase, counted from 1) that fails, and all after it: OSError(5), power gone;
`on_cut` is called before it, so that a whole board can die there.
"""

from boards.simulated import host

BLOCK = 4096


class Blocks:
    """What both kinds of flash share: the block protocol of `vfs.VfsLfs2` and the count of what wears flash out."""

    def __init__(self, blocks):
        self.blocks = blocks
        self.erases = 0
        self.programs = 0
        self.cut_at = None
        self.on_cut = None

    def _spend(self):
        if self.cut_at is not None and self.erases + self.programs >= self.cut_at:
            if self.on_cut:
                self.on_cut()
            raise OSError(5)

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            self.erases += 1
            self._spend()
        return 0


class FileBlocks(Blocks):
    """Flash in a host file of blocks × 4096 bytes, made full of 0xFF when it does not exist (`.new`).

    `start`: where in the file the first block lies; the file is then a whole chip's, and there already.
    `tally`: a host file of two numbers of 10 digits that somebody else reads and writes while the board runs: the
    operations so far, and the one at which the power goes (0: none; negative: from which on the flash fails).
    """

    def __init__(self, path, blocks, start=0, tally=None):
        super().__init__(blocks)
        self._start = start
        self._tally = host.open_file(tally, "r+b") if tally else None
        self.new = host.modified(path) is None
        if self.new:
            with host.open_file(path, "wb") as file:
                blank = b"\xff" * BLOCK
                for _ in range(blocks):
                    file.write(blank)
        self._file = host.open_file(path, "r+b")

    def _spend(self):
        super()._spend()
        if self._tally:
            self._tally.seek(0)
            numbers = self._tally.read(20)
            done, stop_at = int(numbers[:10]), int(numbers[10:])
            if stop_at and done + 1 >= abs(stop_at):
                if stop_at > 0:
                    self.on_cut()
                raise OSError(5)
            self._tally.seek(0)
            self._tally.write(b"%10d" % (done + 1))

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(self._start + block * BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self.programs += 1
        self._spend()
        self._file.seek(self._start + block * BLOCK + offset)
        self._file.write(buffer)


class RamBlocks(Blocks):
    """Flash in a bytearray, for tests that cut the power at every operation and then look at what is left."""

    def __init__(self, blocks, data=None):
        super().__init__(blocks)
        self.data = data or bytearray(b"\xff" * (blocks * BLOCK))
        self.new = data is None

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self.programs += 1
        self._spend()
        start = block * BLOCK + offset
        self.data[start : start + len(buffer)] = buffer
