"""A control group per host, in every hierarchy that the machine has.

Under cgroup v1 systemd-nspawn shows every host the same root of each controller, so two kubelets
would fight over it; with a group of its own per host each sees only that. It also tells, without
guessing, which processes are the lab's: nothing else is ever put below `haui-lab`.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.lab.paths import CGROUP
from tests.lab.process import Process


def hierarchies() -> list[Path]:
    """Mount points of all cgroup hierarchies, v1 and v2, under /sys/fs/cgroup."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind in ("cgroup", "cgroup2") and place.startswith("/sys/fs/cgroup"):
            found.append(Path(place))
    return found


def layout() -> str:
    """Which of the layouts applies, for people."""
    places = hierarchies()
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return "cgroup v2"
    return "cgroup v1" + (" (hybrid)" if any(p.name == "unified" for p in places) else "")


def create(name: str) -> list[Path]:
    """Make the group `name` in every hierarchy; returns the folders to enter."""
    folders = []
    for place in hierarchies():
        above = place
        for part in (CGROUP, name):
            _share_controllers(above)
            here = above / part
            here.mkdir(exist_ok=True)
            for setting in ("cpuset.cpus", "cpuset.mems"):
                if (here / setting).exists() and not (here / setting).read_text().strip():
                    (here / setting).write_text((above / setting).read_text())
            above = here
        folders.append(above)
    return folders


def processes(name: str | None = None) -> list[Process]:
    """All processes in the group `name`, or in any group of the lab."""
    found: dict[int, Process] = {}
    for place in hierarchies():
        top = place / CGROUP / name if name else place / CGROUP
        for file in top.rglob("cgroup.procs"):
            try:
                pids = file.read_text().split()
            except OSError:
                continue
            for process in (Process.of(int(pid)) for pid in pids if pid != "0"):
                if process:
                    found[process.pid] = process
    return list(found.values())


def empty(name: str | None = None, patience: float = 20.0) -> None:
    """Kill what is in the group and remove it, with all that is below."""
    end = time.monotonic() + patience
    while (left := [p for p in processes(name) if p.alive()]) and time.monotonic() < end:
        for process in left:
            process.kill(patience=1.0)
    for place in hierarchies():
        top = place / CGROUP / name if name else place / CGROUP
        if not top.is_dir():
            continue
        below = [folder for folder in top.rglob("*") if folder.is_dir()]
        for folder in [*sorted(below, key=lambda f: -len(f.parts)), top]:
            _remove(folder, end)


def _remove(folder: Path, end: float) -> None:
    """The kernel needs a moment after the last process of a group has died."""
    while True:
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _share_controllers(folder: Path) -> None:
    """In v2 a group's children get only the controllers that it hands on."""
    control = folder / "cgroup.subtree_control"
    if not control.exists() or not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return
    for controller in (folder / "cgroup.controllers").read_text().split():
        try:
            control.write_text(f"+{controller}")
        except OSError:
            continue
