"""A full disk is not a matter of package sources."""

from __future__ import annotations

import pytest

from haui.events import TaskFinished
from haui.execution.remedy import remedy
from tests.unit.scripted import Attempt
from tests.unit.scripted_run import cluster, prepared, run_install, step


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "/var/cache/apt"),
        (
            (
                "failed to extract layer sha256:1: write /var/lib/containerd/io/x: no space left "
                "on device: unknown"
            ),
            "/var/lib/containerd",
        ),
        (
            "cp: error writing '/var/lib/haui/r1/x.1/script': No space left on device",
            "/var/lib/haui",
        ),
        ("   - At least 12MB more space needed on the / filesystem.", ""),
        ("tee: 'standard output': No space left on device", ""),
        ("pull https://hub.lan/v2/x: write error: Disk quota exceeded", ""),
    ],
)
def test_no_room(line: str, place: str) -> None:
    said = remedy(["before", line, "haui: these packages can't be installed: containerd"], "cp3")
    assert said.startswith("Make room on cp3")
    assert said.endswith("then run haui resume.")
    assert (f"df -h {place})" in said) if place else ("df -h says" in said)


def test_other_causes_of_the_machine() -> None:
    assert "read-only" in remedy(["touch: cannot touch 'x': Read-only file system"], "wk1")
    watches = "inotify_add_watch /sys/fs/cgroup/pids/kubepods: no space left on device"
    assert "max_user_watches" in remedy([watches], "wk1")
    assert "memory" in remedy(["fork: Cannot allocate memory"], "wk1")


@pytest.mark.parametrize(
    "line", ["E: Unable to locate package kubeadm", "etcdserver: mvcc: database space exceeded", ""]
)
def test_what_scripts_know_better(line: str) -> None:
    assert remedy([line], "wk1") == ""


def test_a_full_disk_outweighs_what_the_script_advises() -> None:
    fleet = prepared(["cp1"])
    lines = (
        "E: You don't have enough free space in /var/cache/apt/archives/.",
        "haui: these packages can't be installed: containerd",
        "haui: fix: look at the package sources of this host",
    )
    fleet["cp1"].attempts["a"] = [Attempt(rc=1, lines=lines, seconds=1)] * 3
    ran = run_install([step("a")], fleet, spec=cluster(1, 0))
    (finished,) = ran.bus.of(TaskFinished)
    assert (finished.outcome, finished.attempt) == ("failed", 1)
    assert finished.problem is not None
    assert finished.problem.fix == remedy(lines, "cp1")
    assert "free space" in finished.problem.why
