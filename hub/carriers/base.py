"""The contract of a carrier: whole frames in, whole frames out; implemented by `udp`, used by the link."""

from abc import ABC, abstractmethod
from collections.abc import Callable

Address = tuple[str, int]
Receive = Callable[[bytes, Address], None]


class Carrier(ABC):
    """Carries frames of at most 508 bytes, each whole or not at all; may lose, double and reorder them.

    `receive` is called for each frame, one after another, in the carrier's own thread; it never raises. `send` may be
    called from any thread and never raises for a frame that could not leave: the protocol repeats.
    """

    @property
    @abstractmethod
    def port(self) -> int:
        """What nodes are told to send to. Only after `start`."""

    @abstractmethod
    def start(self, receive: Receive) -> None:
        """Begin to carry. Raises HubError's leaves."""

    @abstractmethod
    def send(self, frame: bytes, address: Address) -> bool:
        """Send a frame; False when it certainly did not leave."""

    @abstractmethod
    def stop(self) -> None:
        """End; returns when `receive` will not be called any more."""
