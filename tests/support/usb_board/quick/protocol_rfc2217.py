"""pyserial's rfc2217 client, which negotiates all settings anew whenever a tool changes a mere timeout (0.1 s each).

Only that is left out, so that a run with hundreds of commands takes seconds. A real serial server is used without it.
"""

import warnings
from typing import Any

import serial.rfc2217


class Serial(serial.rfc2217.Serial):  # type: ignore[misc]
    """Negotiates only what changed."""

    _agreed: Any = None

    def open(self) -> None:
        """pyserial 3.5 still calls Thread.setDaemon."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            super().open()

    def close(self) -> None:
        """pyserial forgets to close a socket whose other end has gone."""
        opened = self._socket
        super().close()
        if opened is not None:
            opened.close()

    def _reconfigure_port(self) -> None:
        wanted = (self._socket, self._baudrate, self._bytesize, self._parity, self._stopbits, self._rtscts)
        if wanted != self._agreed or self._write_timeout is not None:
            super()._reconfigure_port()
            self._agreed = wanted
