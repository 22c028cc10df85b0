"""What this machine has to spare: memory for one more process, and the processors' idle time.

Belongs here: asking the kernel. Does not belong here: what to do about it (`bot.assistants`).

Linux only; elsewhere nothing is known, and nothing is changed.
"""

from __future__ import annotations

import os
import re
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
#: Of /proc/<pid>/status: may we give a process more of the processors again (capabilities(7))?
_CAP_SYS_NICE = 1 << 23
#: A limit of RLIMIT_NICE that allows the usual priority: 20 - 0.
_USUAL_NICE = 20


def memory_available() -> int | None:
    """Bytes that one more process can have without anybody's being killed: what the machine has
    left, or the container, whichever is less. None: not known."""
    known = [size for size in (_of_machine(), _of_container()) if size is not None]
    return min(known, default=None)


def memory_of(pid: int) -> int | None:
    """Bytes that a process holds (resident); None: not known."""
    return _kilobytes(PROC / str(pid) / "status", "VmRSS")


def into_background(pid: int) -> bool:
    """Let a process run only when nobody else wants to; its children and threads follow it.

    Two things, each of which counts in its own place, and each only where it can be undone:

    - the policy SCHED_IDLE (sched(7)), which counts among the processes of one scheduling group.
      Not every user may end it again;
    - the nice value of its autogroup, which counts among the groups. Where the kernel makes a group
      of each session, a policy or a nice value alone would change nothing outside of it. Anybody
      may raise and lower it.

    Returns:
        Whether anything was changed.
    """
    if sys.platform != "linux":
        return False
    changed = _set_autogroup(pid, 19)
    with suppress(OSError):
        if may_come_back():
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
            changed = True
    return changed


def into_foreground(pid: int) -> None:
    """Undo `into_background`, for all threads of the process. Fine when it is gone."""
    if sys.platform != "linux":
        return
    _set_autogroup(pid, 0)
    idle = True
    while idle:  # a thread that is just being made has its maker's policy
        idle = False
        for thread in _threads(pid):
            with suppress(OSError):
                if os.sched_getscheduler(thread) == os.SCHED_IDLE:
                    os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
                    idle = True


def may_come_back() -> bool:
    capabilities = re.search(
        r"^CapEff:\s*([0-9a-f]+)$", _read(PROC / "self" / "status"), re.MULTILINE
    )
    if capabilities and int(capabilities[1], 16) & _CAP_SYS_NICE:
        return True
    limit = resource.getrlimit(resource.RLIMIT_NICE)[0]
    return limit == resource.RLIM_INFINITY or limit >= _USUAL_NICE


def _set_autogroup(pid: int, nice: int) -> bool:
    for _ in range(5):
        try:
            (PROC / str(pid) / "autogroup").write_text(str(nice))
        except BlockingIOError:  # the kernel takes ten such wishes a second from ordinary users
            time.sleep(0.05)
        except OSError:
            return False
        else:
            return True
    return False


def _threads(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(one.name) for one in (PROC / str(pid) / "task").iterdir()]
    return []


def _of_machine() -> int | None:
    return _kilobytes(PROC / "meminfo", "MemAvailable")


def _of_container() -> int | None:
    """What our control group may still take. Its page cache is counted as free: it can go."""
    groups = {
        controllers: path
        for _, controllers, path in (
            line.split(":", 2) for line in _read(PROC / "self" / "cgroup").splitlines()
        )
    }
    for base, limit, used, cache in (
        (CGROUP / groups.get("", "/").lstrip("/"), "memory.max", "memory.current", "file"),
        (
            CGROUP / "memory" / groups.get("memory", "/").lstrip("/"),
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_cache",
        ),
    ):
        at_most, taken = _read(base / limit).strip(), _read(base / used).strip()
        if at_most.isdigit() and taken.isdigit():
            found = re.search(rf"^{cache} (\d+)$", _read(base / "memory.stat"), re.MULTILINE)
            return int(at_most) - int(taken) + (int(found[1]) if found else 0)
    return None


def _kilobytes(path: Path, name: str) -> int | None:
    found = re.search(rf"^{name}:\s*(\d+) kB$", _read(path), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text()
    return ""
