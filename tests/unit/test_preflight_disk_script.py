"""Timing writes: real ones into a folder, and no trace of it however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from haui.evidence import Facts
from steps.load import script
from tests.unit.shell_host import ShellHost

NAME = "preflight_disk_probe"


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path, env={"HAUI_SECONDS": "1"})
    (tmp_path / "root/var/lib").mkdir(parents=True)
    return host


def facts(host: ShellHost) -> Facts:
    ran = host.run(NAME)
    assert (ran.status, ran.stderr) == (0, "")
    found = Facts(ran.stdout)
    assert found.complete
    assert left(host) == []
    return found


def left(host: ShellHost) -> list[Path]:
    return list((host.folder / "root/var/lib").rglob(".haui-*"))


def test_writes_are_timed_with_percentiles_where_python_is(host: ShellHost) -> None:
    found = facts(host)
    writes, average = found.count("fsync.writes"), found.number("fsync.average.ms")
    p99, longest = found.number("fsync.p99.ms"), found.number("fsync.longest.ms")
    assert writes and average and p99 and longest
    assert 0 < writes <= 10_000
    assert 0 < average <= longest
    assert p99 <= longest
    assert found.one("fsync.path") == str(host.folder / "root/var/lib")


def test_without_python_there_is_an_average(host: ShellHost) -> None:
    host.fake("python3", "exit 127")
    found = facts(host)
    assert found.count("fsync.writes")
    assert found.number("fsync.average.ms")
    assert found.number("fsync.p99.ms") is None


def test_dd_is_asked_when_its_time_is_over(host: ShellHost) -> None:
    host.fake("python3", "exit 127")
    host.fake(
        "dd",
        """
        trap 'echo "40+0 records out" >&2; echo "92000 bytes (92 kB) copied, 2 s, 46 kB/s" >&2' USR1
        for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done
        """,
    )
    found = facts(host)
    assert found.count("fsync.writes") == 40
    assert found.number("fsync.average.ms") == 50.0


def test_nothing_could_be_timed_is_told_without_numbers(host: ShellHost) -> None:
    host.fake("python3", "exit 127")
    host.fake("dd", "exit 1")
    assert facts(host).one("fsync.writes") is None


def test_writes_that_do_not_end_are_told(host: ShellHost) -> None:
    host.fake("python3", "exit 127")
    host.fake("dd", "trap '' USR1; for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done")
    found = facts(host)
    assert found.count("fsync.stalled") == 1
    assert found.one("fsync.writes") is None
    host.fake("python3", "exit 124")
    assert facts(host).count("fsync.stalled") == 11


def test_what_an_earlier_try_has_left_is_removed(host: ShellHost) -> None:
    host.write("/var/lib/.haui-fsync.Ab12Cd34/data", "x")
    host.write("/var/lib/etcd/.haui-fsync.Ab12Cd34/data", "x")
    host.write("/var/lib/etcd/mine", "x")
    facts(host)
    assert host.read("/var/lib/etcd/mine") == "x"


@pytest.mark.parametrize(
    ("command", "text", "said"),
    [
        ("df", "echo head; echo /dev/sda1 9 9 99 1% /", "only 99 MB are free"),
        ("df", "exit 1", "did not say how much is free"),
        ("mktemp", "exit 1", "nothing can be written"),
    ],
)
def test_what_can_not_be_tried_is_skipped_with_a_reason(
    host: ShellHost, command: str, text: str, said: str
) -> None:
    host.fake(command, text)
    found = facts(host)
    assert said in (found.one("fsync.skipped") or "")
    assert found.one("fsync.writes") is None


def test_an_etcd_that_runs_is_not_disturbed(host: ShellHost) -> None:
    host.write("/proc/77/comm", "etcd\n")
    assert "etcd runs here" in (facts(host).one("fsync.skipped") or "")


def test_it_writes_into_the_folder_of_etcd_only_when_that_is_another_disk(host: ShellHost) -> None:
    (host.folder / "root/var/lib/etcd").mkdir()
    assert (facts(host).one("fsync.path") or "").endswith("/var/lib")
    host.fake("stat", "case $* in */etcd) echo 2 ;; *) echo 1 ;; esac")
    assert (facts(host).one("fsync.path") or "").endswith("/var/lib/etcd")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("tool", ["python3", "dd"])
def test_it_cleans_up_when_it_is_stopped(
    host: ShellHost, number: signal.Signals, tool: str
) -> None:
    if tool == "dd":
        host.fake("python3", "exit 127")
    path = f"{host.folder / 'bin'}:{os.environ['PATH']}"
    environment = {
        "PATH": path,
        "HAUI_ROOT": str(host.folder / "root"),
        "HAUI_SECONDS": "60",
        "CALLS": str(host.folder / "calls"),
    }
    # Slow enough that it is surely stopped while it writes.
    slow = script(NAME).replace("WRITES_MAX=10000", "WRITES_MAX=10000000", 1)
    slow = slow.replace("os.posix_fallocate(", "max(").replace("fallocate -l", ": -l")
    process = subprocess.Popen(
        ["/bin/sh", "-c", slow],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A shell can't trap what was ignored when it began, as SIGHUP is below nohup.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    try:
        until = time.monotonic() + 20
        while not any(path.name == "data" for path in files(host)) and time.monotonic() < until:
            time.sleep(0.02)
        assert left(host), "it has not begun"
        process.send_signal(number)
        assert process.wait(timeout=10) == 128 + number
        assert left(host) == []
    finally:
        process.kill()
        process.communicate()


def files(host: ShellHost) -> list[Path]:
    try:
        return list((host.folder / "root/var/lib").rglob("*"))
    except FileNotFoundError:
        return []
