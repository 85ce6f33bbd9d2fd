"""pyserial's socket client, which forgets to close a socket whose other end has gone (3.5)."""

from serial.urlhandler import protocol_socket


class Serial(protocol_socket.Serial):  # type: ignore[misc]
    """Closes what it opened."""

    def close(self) -> None:
        opened = self._socket if self.is_open else None
        super().close()
        if opened is not None:
            opened.close()
