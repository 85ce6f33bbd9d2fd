"""A thousand updates with power cuts: every node ends on a complete version and talks to its hub, broken images are
rolled back, forged and altered ones refused. A sample in the standard run; all of them in --deep (about 15 minutes).
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.updates.campaign import campaign

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 12
UPDATES, WORKERS = 1000, 3  # on two cores: a board waits for its hub now and then


def test_some_updates(tmp_path: Path) -> None:
    with campaign(tmp_path, seed=7) as one:
        one.run(SAMPLE)
    assert one.summary.wrong == []
    assert one.summary.updates == SAMPLE == sum(one.summary.ended.values())
    assert one.summary.cuts["flash"] + one.summary.cuts["moment"] > SAMPLE // 2, one.summary.cuts


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_a_thousand_updates(tmp_path: Path) -> None:
    shares = [UPDATES // WORKERS + (worker < UPDATES % WORKERS) for worker in range(WORKERS)]
    running = [start(tmp_path / f"worker_{seed}", share, seed) for seed, share in enumerate(shares, start=1)]
    summaries = [summary(process) for process in running]
    ended: Counter[str] = sum((Counter(one["ended"]) for one in summaries), Counter())
    cuts: Counter[str] = sum((Counter(one["cuts"]) for one in summaries), Counter())
    print(f"{UPDATES} updates: {dict(ended)}; power cuts: {dict(cuts)}; {max(one['seconds'] for one in summaries)} s")
    assert [line for one in summaries for line in one["wrong"]] == []
    assert sum(one["updates"] for one in summaries) == UPDATES == sum(ended.values())
    assert cuts["flash"] > UPDATES // 4 and cuts["moment"] > UPDATES // 8
    assert ended["good: proven"] > UPDATES // 2
    assert ended["forged: not_allowed"] > 10 and ended["altered: bad_hash"] > 10
    assert sum(count for kind, count in ended.items() if kind.startswith("broken")) > 30


def start(folder: Path, updates: int, seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.updates.campaign", str(folder), "--updates", str(updates)]
    return subprocess.Popen([*command, "--seed", str(seed)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def summary(process: "subprocess.Popen[str]") -> dict[str, object]:
    """What a worker counted; its progress goes to our own output."""
    last = ""
    for line in lines(process):
        last = line
    assert last.startswith("{"), f"a worker ended without a summary: {last}"
    found: dict[str, object] = json.loads(last)
    return found


def lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            print(line, end="", flush=True)
            yield line
