"""Somebody who sends a node an image in the rollout's place: with another key, or other bytes than were announced."""

import time
from collections.abc import Callable

from flash_tools.image import Application
from hub.service import Hub
from hub.updates.sender import Image, Sender
from shared_protocol import registry as g

LOOK_S = 0.01


def answer(
    hub: Hub, node: int, data: bytes, image: Application, key_of: Callable[[int], bytes], patience_s: float = 60.0
) -> str:
    """Send `data` as this image, its tag made with `key_of(node)`; the RESULT by which the node refuses it, by name, or
    "accepted".
    """
    told: list[tuple[str, str]] = []
    ours = hub.rollouts.sender
    sender = Sender(hub.clock, hub.link.send, key_of, ours.lock, lambda _, word, code: told.append((word, code)), 0.0)
    hub.link.on(g.MSG_UPDATE_STATUS, sender.status)
    try:
        sender.offer(node, Image(data, image.sha256, bytes(image.version)))
        end = time.monotonic() + patience_s
        while not any(word == "refused" for word, _ in told) and time.monotonic() < end:
            sender.tick()
            time.sleep(LOOK_S)
    finally:
        hub.link.on(g.MSG_UPDATE_STATUS, ours.status)
    return next((code for word, code in told if word == "refused"), "accepted")
