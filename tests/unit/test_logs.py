"""Per-host logs: everything with its time, bounded, and never the reason why a run stops."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from haui.events import HostConnected, TaskOutput, TaskStarted
from haui.record.logs import HostLogs
from tests.unit.sample_run import at, numbered, sample


def write(folder: Path, **options: int) -> tuple[HostLogs, list[str]]:
    told: list[str] = []
    return HostLogs(folder, on_trouble=told.append, **options), told


def output(*lines: str, host: str = "cp1") -> TaskOutput:
    return TaskOutput(seq=1, at=at(1), host=host, step="s", lines=lines)


def test_the_sample_run(tmp_path: Path) -> None:
    logs, told = write(tmp_path)
    for event in sample():
        logs(event)
    logs.close()
    assert (tmp_path / "cp1.log").read_text().splitlines() == [
        f"{at(2)}  == connected SHA256:abc",
        f"{at(5)}  == control_plane.init: Start the control plane",
        f"{at(6)}  == control_plane.init waits: etcd",
        f"{at(7)}  == control_plane.init begins attempt 1",
        f"{at(8)}  control_plane.init | [init] hello",
        f"{at(9)}  == control_plane.init attempt 2 of 3 in 15 s: a server is busy",
        f"{at(9)}  ==   why: 503  Service Unavailable",
        f"{at(10)}  == control_plane.init begins attempt 2",
        f"{at(11)}  == control_plane.init ok after 35.2 s",
    ]
    worker = (tmp_path / "wk1.log").read_text()
    assert f"{at(12)}  == connection lost: no answer for 20 s\n" in worker
    assert "== worker.join follows attempt 2\n" in worker
    assert "==   differs: kubelet (expected 'active', seen 'failed')\n" in worker
    assert "==   fix: free /var\n" in worker
    assert all(line.startswith("2026-") for line in worker.split("\n")[:-1])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cp1.log", "wk1.log"]
    assert (tmp_path / "cp1.log").stat().st_mode & 0o777 == 0o600
    assert told == []


def test_a_later_run_goes_on_in_the_same_file(tmp_path: Path) -> None:
    for _ in range(2):
        logs, _ = write(tmp_path)
        logs(output("x"))
        logs.close()
    assert (tmp_path / "cp1.log").read_text().count("s | x\n") == 2


def test_output_can_not_pretend_to_be_something_else(tmp_path: Path) -> None:
    logs, _ = write(tmp_path)
    logs(output("a\n2026-01-01  == s ok", "", "\udc80"))
    logs.close()
    assert (tmp_path / "cp1.log").read_text().splitlines() == [
        f"{at(1)}  s | a",
        f"{at(1)}  s | 2026-01-01  == s ok",
        f"{at(1)}  s | ",
        f"{at(1)}  s | \\udc80",
    ]


def test_a_log_is_bounded(tmp_path: Path) -> None:
    logs, _ = write(tmp_path, limit_bytes=1000)
    for number in range(100):
        logs(output(f"line {number}"))
    logs.close()
    now, before = (tmp_path / name for name in ("cp1.log", "cp1.log.1"))
    assert sorted(tmp_path.iterdir()) == [now, before]
    assert 0 < now.stat().st_size <= 1000
    assert before.stat().st_size <= 1000
    kept = (before.read_text() + now.read_text()).splitlines()
    assert kept[-1].endswith("line 99")
    numbers = [int(line.split()[-1]) for line in kept]
    assert numbers == list(range(numbers[0], 100)), "no line is lost in between"


def test_a_log_that_can_not_be_written_is_told_once(tmp_path: Path) -> None:
    logs, told = write(tmp_path / "absent")
    for event in numbered(output("x"), TaskStarted(host="cp2", step="s"), HostConnected(host="c")):
        logs(event)
    assert len(told) == 1
    assert "the log of cp1 can't be written (No such file or directory)" in told[0]
    (tmp_path / "absent").mkdir()
    logs(output("later"))
    logs.close()
    assert "later" in (tmp_path / "absent" / "cp1.log").read_text()


def test_a_full_disk_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs, told = write(tmp_path)
    logs(output("before"))

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        logs(output("x"))
        logs(output("x", host="cp2"))
    logs(output("after"))
    logs.close()
    assert len(told) == 1
    assert "No space left on device" in told[0]
    assert [line[-6:] for line in (tmp_path / "cp1.log").read_text().splitlines()] == [
        "before",
        "ritten",
        " after",
    ]


def test_a_disk_that_takes_half_a_line_leaves_no_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, told = write(tmp_path)
    logs(output("before"))
    write_once, room = os.write, [40]

    def nearly_full(fd: int, data: bytes) -> int:
        taken = write_once(fd, data[: room[0]]) if room[0] else 0
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= taken
        return taken

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", nearly_full)
        logs(output("a line that is too long for the room that is left"))
        logs(output("not at all"))
    logs(output("after"))
    logs(output("more"))
    logs.close()
    lines = (tmp_path / "cp1.log").read_text().splitlines()
    assert lines[0].endswith("before")
    assert len(lines[1]) == 40
    assert lines[2].endswith("== lines are missing here: they could not be written")
    assert [line[-5:] for line in lines[3:]] == ["after", " more"]
    assert len(told) == 1


def test_a_named_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    logs, told = write(tmp_path)
    os.mkfifo(tmp_path / "cp1.log", 0o600)
    logs(output("x"))
    logs.close()
    assert len(told) == 1


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    logs, told = write(tmp_path)
    (tmp_path / "cp1.log").symlink_to(tmp_path / "victim")
    logs(output("x"))
    assert len(told) == 1
    assert not (tmp_path / "victim").exists()


def test_a_host_can_not_name_another_file(tmp_path: Path) -> None:
    logs, _ = write(tmp_path / "logs")
    (tmp_path / "logs").mkdir()
    for host in ("../evil", "", "/evil"):
        logs(output("x", host=host))
    assert list(tmp_path.rglob("*")) == [tmp_path / "logs"]
