"""The bastion's disk fills in the middle of an install: the journal stops it, nothing else does."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from haui.errors import JournalError
from haui.live.run import LiveRun
from haui.record.journal import Disk, read
from haui.record.store import ClusterStore
from screens.wayout import exit_code_of
from tests.rehearsal.test_live import ended, rehearsal, small


def no_room() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class SmallDisk:
    """Takes so many bytes of the journal, the last of them perhaps within a record."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, data: bytes) -> int:
        taken = os.write(fd, data[: self.room]) if self.room else 0
        if not taken:
            raise no_room()
        self.room -= taken
        return taken

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("haui.record.journal.Disk", lambda: Disk(write=self.write))


async def test_the_run_ends_with_one_message_and_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SmallDisk(16_500)
    disk.use(monkeypatch)
    async with rehearsal(tmp_path) as site:
        run = await ended(LiveRun("apply", small(), site))
        assert isinstance(run.error, JournalError)
        assert exit_code_of(run) == 8
        assert run.error.why == "No space left on device"
        assert "`haui resume` then goes on" in run.error.fix
        contents = read(run.store.journal_path)
        assert (contents.torn, len(contents.records) > 10) == (b"", True), "cut back, not torn"
        assert run.store.owner() is None
        before = run.store.read_state()
        assert before.unfinished
        assert not before.ended

        disk.room = 1 << 30
        again = await ended(LiveRun("apply", small(), site, resume=True))
        assert (again.error, again.result and again.result.outcome) == (None, "ok")
        state = again.store.read_state()
        assert before.settled() <= state.settled()
        attempts = [view.attempt for views in state.tasks.values() for view in views.values()]
        assert max(attempts) == 1, "what ran on when the disk was full is not begun again"


async def test_logs_report_and_copies_are_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal has room of its own; everything else finds none."""
    from haui.record.logs import HostLogs
    from screens.runs import conclude
    from tests.screens.worlds import make_world

    def full(self: HostLogs, host: str, data: bytes) -> None:
        raise no_room()

    monkeypatch.setattr(HostLogs, "_append", full)
    write = ClusterStore.write_private

    def no_report(self: ClusterStore, name: str, content: bytes) -> Path:
        if name == "report.md":
            raise JournalError("report.md can't be written", why="No space left on device")
        return write(self, name, content)

    monkeypatch.setattr(ClusterStore, "write_private", no_report)
    async with rehearsal(tmp_path / "runs") as site:
        run = await ended(LiveRun("apply", small(), site))
        assert (run.error, run.result and run.result.outcome) == (None, "ok")
        await conclude(make_world(tmp_path), run)
        assert not run.store.report.exists()
        logs, report = run.take_troubles()
        assert "can't be written (No space left on device): the run goes on" in logs
        assert report == "there is no report: report.md can't be written: No space left on device"


FILLED = """
set -eu
mount -t tmpfs -o size="$3"k,mode=700 tmpfs "$1" || exit 77
mkdir -p "$1/rehearsals/rehearsal/simulated"
chmod -R 700 "$1"
mount -t tmpfs -o size=64m,mode=700 tmpfs "$1/rehearsals/rehearsal/simulated" || exit 77
export HAUI_STATE_DIR="$1"
python="$2"
haui() { "$python" -m haui rehearse single --plain --speed 100; }
code=0
haui || code=$?
echo "first $code"
mount -o remount,size=64m "$1"
code=0
haui || code=$?
echo "second $code"
"""


@pytest.mark.thorough
@pytest.mark.parametrize("kib", [8, 16, 56])
def test_a_real_file_system_that_fills(kib: int, tmp_path: Path) -> None:
    """The whole state folder on a disk that is too small, then on one that is not."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting a tmpfs needs root and unshare")
    command = ["unshare", "-m", "sh", "-c", FILLED, "sh", str(tmp_path), sys.executable, str(kib)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 77:
        pytest.skip(f"a tmpfs can't be mounted here: {done.stderr}")
    ends = [line for line in done.stdout.splitlines() if line.startswith(("first ", "second "))]
    assert ends == ["first 8", "second 0"], done.stdout + done.stderr
    assert done.stderr.count("journal.yaml can't be written\n    No space left on device") == 1
    assert "Traceback" not in done.stderr
