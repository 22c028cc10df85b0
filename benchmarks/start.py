"""How long Deskhand takes to start, and how much memory its processes hold.

A trained model is assumed (`make train` first; else the figure contains the training, and says so).
Run: make bench-start
"""

from __future__ import annotations

import time

import psutil

from benchmarks.figures import Figure, report
from benchmarks.stack import ROOT, Stack, deskhand_up
from bot.learning.project import project_of
from bot.settings import Settings

#: What a process is, by a word of its command line; the first that fits.
KINDS = (
    ("redis", "redis-server"),
    ("redis", "valkey-server"),
    ("actions", "rasa_sdk"),
    ("assistant", "--credentials"),
    ("gateway", "gateway"),
    ("supervisor", "up"),
)


def kind_of(process: psutil.Process) -> str:
    """Which of Deskhand's processes this is."""
    try:
        words = process.cmdline()
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return "gone"
    return next((kind for kind, word in KINDS if any(word in w for w in words)), "other")


def megabytes(stack: Stack) -> dict[str, float]:
    """Resident memory by process; helpers of a process count with it."""
    found: dict[str, float] = {}
    family = [top := psutil.Process(stack.pid), *top.children(recursive=True)]
    for process in family:
        kind = kind_of(process)
        found[kind] = found.get(kind, 0.0) + process.memory_info().rss / 2**20
    return found


def main() -> None:
    project = project_of(Settings(), ROOT)
    model = project.current()
    if model is None or model.fingerprint != project.fingerprint():
        raise SystemExit("There is no current model. Run `make train` first, then this again.")
    with deskhand_up() as stack:
        gateway = next(p for p in psutil.Process(stack.pid).children() if "gateway" in p.cmdline())
        gateway_ready = time.time() - gateway.create_time()
        stack.wait_until_ready()
        assistant_ready = time.monotonic() - stack.began
        time.sleep(2)  # let the last imports settle
        resident = megabytes(stack)
    figures = [
        Figure("gateway_ready_s", gateway_ready, "s", "<= 3"),
        Figure("assistant_ready_s", assistant_ready, "s"),
        *(Figure(f"rss_{kind}_mb", mb, "MB") for kind, mb in sorted(resident.items())),
        Figure("rss_total_mb", sum(resident.values()), "MB", "<= 1000"),
    ]
    report("start", figures)


if __name__ == "__main__":
    main()
