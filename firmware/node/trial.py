"""Watches a new image on trial, and confirms it: 5 minutes in which no part failed and the watchdog was fed, with a
session in the last one. Loaded by main while the image that runs is on trial; what is not confirmed, boot.py ends.
"""

from node import files, image
from shared_protocol import registry as g

HEALTHY_MS = 300000
_SESSION_MS = 60000
_LOOK_MS = 5000


class Trial:
    """A part of the main loop as long as the trial lasts; `node` is main's Node."""

    def __init__(self, node):
        self.due = 0
        self._node = node
        self._since = node.clock.now()  # healthy since
        self._failures = node.failures

    def step(self, now):
        """Look, and confirm when it is time."""
        self.due = now + _LOOK_MS
        node = self._node
        if node.failures != self._failures or not node.watchdog.on_time(now):
            self._failures = node.failures
            self._since = now
        heard = node.link.session is not None and now - node.link.heard_ms <= _SESSION_MS
        if heard and now - self._since >= HEALTHY_MS:
            self._confirm()

    def _confirm(self):
        """The slot that runs is proven; the one before stays where it is."""
        node, slot = self._node, image.running()
        files.write(image.SLOT, slot.encode())
        node.status.image = image.standing()
        node.recorder.event(g.EVENT_UPDATE, (image.number(slot), image.version(image.seal(slot)), g.RESULT_OK))
        node.link.renew()  # HELLO tells how the image stands
        node.dismiss(self, "node.trial", "node.image")
