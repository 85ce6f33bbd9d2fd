"""The past of a simulated board: how its last boot ended, which boot this is, and when it starts (for harness.py)."""

import json

from boards.simulated import host

BOOT_MS = 300
POWER_GAP_MS = 1000


def ending(folder):
    """The note that a reset left, {} after the power went; it is read once."""
    text = host.read_file(folder + "/reset")
    if text is None:
        return {}
    host.remove(folder + "/reset")
    return json.loads(text)


def next_boot(folder):
    """The number of this boot, from 1."""
    count = int(host.read_file(folder + "/boots") or "0") + 1
    host.replace_file(folder + "/boots", str(count))
    return count


def resumes_ms(folder, before, speed):
    """When this boot starts, ms of the board's life: `before` is the note of the last one's end."""
    anchor = host.read_file(folder + "/anchor")
    if anchor:
        anchor = json.loads(anchor)
        return anchor["t_ms"] + int((host.unix_s() - anchor["unix_s"]) * speed * 1000)
    if "t_ms" in before:
        return before["t_ms"] + BOOT_MS
    last = max(_last_ms(folder + "/truth.jsonl"), _last_ms(folder + "/trace.jsonl"))
    return last + POWER_GAP_MS if last else BOOT_MS


def _last_ms(path):
    """The t_ms of a log's last whole line, 0 when there is none."""
    text = host.read_tail(path, 400)
    last = 0
    for line in text.split("\n"):
        if line.startswith('{"t_ms": ') and line.endswith("}"):
            last = json.loads(line)["t_ms"]
    return last
