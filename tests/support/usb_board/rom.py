"""The face of a bench board in download mode: `esp32-mock-bootloader` on the board's flash, MAC and flash size."""

import contextlib
import math
import queue
import struct
import threading
from collections.abc import Callable
from typing import Any

from esp32_mock_bootloader import protocol, registers, server
from esptool.targets import CHIP_DEFS

from tests.support.usb_board.flash import Flash, PowerGone, RomFlash

READ_ID = 0x9F
WRITES = {protocol.CMD["FLASH_DATA"], protocol.CMD["FLASH_DEFL_DATA"]}
ROM_WRITE_ERROR = 0x08
LOOK_S, ACK_S = 0.05, 5.0  # the mock ends a reading of the flash when an acknowledgement is late
GREETING = (
    b"\r\nrst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n"
)


class Rom:
    """One stay in download mode; `feed` takes what the PC sent, `say` gets the answers, `dead` is called at a cut."""

    def __init__(self, chip: str, mac: bytes, flash: Flash, say: Callable[[bytes], None], dead: Callable[[], None]):
        self._chip, self._flash, self._say, self._dead = chip, flash, say, dead
        self._registers = registers._mac_registers(chip, tuple(mac))
        self._coming: queue.Queue[bytes] = queue.Queue()
        self._raw = bytearray()
        self._ending = threading.Event()
        self._asked_id = False
        self._patience_s = LOOK_S
        self._rom: Any = CHIP_DEFS[chip]
        self._thread = threading.Thread(target=self._serve, name="bench rom", daemon=True)

    def start(self) -> None:
        self._say(GREETING)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._coming.put(b"")
        if threading.current_thread() is not self._thread:
            self._thread.join(5)

    def _serve(self) -> None:
        try:
            server.handle_client(
                self, self._ending, self._chip, None, exit_on_disconnect=True, flash=RomFlash(self._flash)
            )
        except PowerGone:
            self._dead()

    def feed(self, data: bytes) -> None:
        """Pass whole frames on; what the mock does not know of this board is answered here."""
        self._raw += data
        while True:
            begin = self._raw.find(protocol.SLIP_END)
            if begin < 0:
                self._raw.clear()
                return
            end = self._raw.find(protocol.SLIP_END, begin + 1)
            if end < 0:
                del self._raw[:begin]
                return
            whole = bytes(self._raw[begin : end + 1])
            if len(whole) == 2:  # the end of one and the beginning of the next
                del self._raw[: begin + 1]
                continue
            del self._raw[: end + 1]
            self._frame(whole)

    def _frame(self, whole: bytes) -> None:
        frames = server.slip_decode_frames(whole)
        answer = self._answer(frames[0]) if frames and len(frames[0]) >= 8 and frames[0][0] == 0 else None
        if answer is None:
            self._coming.put(whole)
        else:
            self._say(answer)

    def _answer(self, frame: bytes) -> bytes | None:
        command, body = frame[1], frame[8:]
        self._patience_s = ACK_S if command == protocol.CMD["READ_FLASH"] else LOOK_S
        if command in WRITES and self._flash.failing:
            return bytes(server.make_response(command, status=1, error=ROM_WRITE_ERROR))
        if command == protocol.CMD["WRITE_REG"] and len(body) >= 8:
            address, value = struct.unpack_from("<II", body)
            if address == self._rom.SPI_REG_BASE + self._rom.SPI_USR2_OFFS:
                self._asked_id = value & 0xFF == READ_ID
        if command == protocol.CMD["READ_REG"] and len(body) >= 4:
            found = self._register(struct.unpack_from("<I", body)[0])
            if found is not None:
                return bytes(server.make_response(command, value=found))
        return None

    def _register(self, address: int) -> int | None:
        if address in self._registers:
            return int(self._registers[address])
        if self._asked_id and address == self._rom.SPI_REG_BASE + self._rom.SPI_W0_OFFS:
            return 0x4020 | int(math.log2(self._flash.size)) << 16  # as a Winbond-like part names its size
        return None

    # --- what handle_client wants of a connection ---

    def recv(self, size: int) -> bytes:
        try:
            data = self._coming.get(timeout=self._patience_s)
        except queue.Empty:
            raise TimeoutError from None
        return data

    def sendall(self, data: bytes) -> None:
        self._say(data)

    def set_timeout(self, timeout: float) -> None:
        """Ours is fixed."""

    def close(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._coming.get_nowait()

    def abort_empty_session(self) -> bool:
        return False

    def ignore_eof_for_disconnect(self) -> bool:
        return not self._ending.is_set()
