"""What is acknowledged is on disk; what the disk refuses is not lost and not half written."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from haui.errors import JournalError
from haui.record.journal import Disk, Journal, read
from haui.record.journal_writer import BACKLOG_BYTES
from haui.record.records import Record

FOREVER = 3600.0
"""A group time that no test waits for: what is written was written for another reason."""


class FakeDisk:
    """The real calls, counted, with room for only `room` more bytes (None: enough)."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.syncs = 0
        self.room: int | None = None
        self.sync_error: OSError | None = None
        self.truncate_error: OSError | None = None
        self.disk = Disk(self.write, self.sync, self.truncate)

    def write(self, fd: int, data: bytes) -> int:
        if self.room is not None:
            if self.room <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            data = data[: self.room]
            self.room -= len(data)
        self.writes.append(data)
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        self.syncs += 1
        if self.sync_error is not None:
            raise self.sync_error
        os.fdatasync(fd)

    def truncate(self, fd: int, size: int) -> None:
        if self.truncate_error is not None:
            raise self.truncate_error
        os.ftruncate(fd, size)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.yaml"


def record(seq: int, text: str = "x") -> Record:
    return {"seq": seq, "at": "t", "event": "host_connected", "host": text}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def content(path: Path) -> bytes:
    return path.read_bytes()


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def seqs(path: Path) -> list[int]:
    return [each["seq"] for each in read(path).records]


async def test_a_durable_record_is_on_disk_when_append_returns(path: Path) -> None:
    async with Journal.create(path, group_s=FOREVER) as journal:
        for seq in (1, 2, 3):
            await journal.append(record(seq), durable=True)
            assert seqs(path) == list(range(1, seq + 1))
    assert mode(path) == 0o600


async def test_each_durable_record_is_synced(path: Path) -> None:
    fake = FakeDisk()
    async with Journal.create(path, disk=fake.disk) as journal:
        before = fake.syncs
        await journal.append(record(1), durable=True)
        await journal.append(record(2), durable=True)
        assert fake.syncs == before + 2


async def test_ordinary_records_wait_for_company(path: Path) -> None:
    fake = FakeDisk()
    async with Journal.create(path, group_s=FOREVER, disk=fake.disk) as journal:
        header = len(fake.writes)
        for seq in range(1, 10):
            await journal.append(record(seq))
        assert seqs(path) == []
        await journal.append(record(10), durable=True)
        assert seqs(path) == list(range(1, 11))
        assert len(fake.writes) == header + 1, "ten records, one write"


async def test_ordinary_records_are_written_without_being_pushed(path: Path) -> None:
    written = asyncio.Event()
    loop = asyncio.get_running_loop()

    def sync(fd: int) -> None:
        os.fdatasync(fd)
        if seqs(path) == [1]:
            loop.call_soon_threadsafe(written.set)

    async with Journal.create(path, group_s=0.001, disk=Disk(sync=sync)) as journal:
        await journal.append(record(1))
        await asyncio.wait_for(written.wait(), 30)


async def test_concurrent_durable_records_share_a_sync(path: Path) -> None:
    fake = FakeDisk()
    async with Journal.create(path, disk=fake.disk) as journal:
        before = fake.syncs
        futures = [journal.submit(record(seq), durable=True) for seq in range(1, 101)]
        await asyncio.gather(*futures)
        assert fake.syncs - before < 50
    assert seqs(path) == list(range(1, 101))


async def test_closing_writes_what_is_left(path: Path) -> None:
    journal = Journal.create(path, group_s=FOREVER)
    await journal.append(record(1))
    await journal.close()
    await journal.close()
    assert seqs(path) == [1]
    with pytest.raises(JournalError, match="closed"):
        await journal.append(record(2))


async def test_a_reopened_journal_goes_on(path: Path) -> None:
    async with Journal.create(path) as journal:
        await journal.append(record(1))
    async with Journal.open(path) as journal:
        assert journal.last_seq == 1
        assert [each["seq"] for each in journal.contents.records] == [1]
        await journal.append(record(5), durable=True)
    assert seqs(path) == [1, 5]


async def test_only_the_first_record_and_runs_carry_the_format(path: Path) -> None:
    async with Journal.create(path) as journal:
        for seq in (1, 2):
            await journal.append(record(seq), durable=True)
        await journal.append(record(3) | {"event": "run_started"}, durable=True)
    assert [each.get("format") for each in read(path).records] == [1, None, 1]


async def test_numbers_must_rise(path: Path) -> None:
    async with Journal.create(path) as journal:
        await journal.append(record(2))
        with pytest.raises(ValueError, match="record 2 after record 2"):
            await journal.append(record(2))


async def test_an_existing_journal_is_not_created_again(path: Path) -> None:
    await Journal.create(path).close()
    with pytest.raises(JournalError, match="can't be written"):
        Journal.create(path)


@pytest.mark.parametrize("room", [0, 1, 40, 100])
async def test_a_full_disk_leaves_no_half_record_and_may_be_tried_again(
    path: Path, room: int
) -> None:
    fake = FakeDisk()
    async with Journal.create(path, group_s=FOREVER, disk=fake.disk) as journal:
        await journal.append(record(1), durable=True)
        good = content(path)
        await journal.append(record(2))  # accepted, so it must not get lost
        fake.room = room
        for _ in range(2):
            with pytest.raises(JournalError, match="can't be written") as caught:
                await journal.append(record(3), durable=True)
            assert "No space left" in caught.value.why
            assert content(path) == good
        with pytest.raises(JournalError):
            await journal.append(record(3))  # an ordinary one is told too, once it is known
        assert journal.last_seq == 2
        fake.room = None
        await journal.append(record(3), durable=True)
        await journal.append(record(4))
        await journal.flush()
        assert seqs(path) == [1, 2, 3, 4]


async def test_closing_on_a_full_disk_is_told(path: Path) -> None:
    fake = FakeDisk()
    journal = Journal.create(path, group_s=FOREVER, disk=fake.disk)
    await journal.append(record(1))
    fake.room = 5
    with pytest.raises(JournalError, match="can't be written"):
        await journal.close()
    assert seqs(path) == []


async def test_closing_does_not_hide_another_error(path: Path) -> None:
    fake = FakeDisk()
    with pytest.raises(LookupError):
        async with Journal.create(path, group_s=FOREVER, disk=fake.disk) as journal:
            await journal.append(record(1))
            fake.room = 0
            raise LookupError


async def test_a_failed_sync_is_final(path: Path) -> None:
    fake = FakeDisk()
    async with Journal.create(path, disk=fake.disk) as journal:
        fake.sync_error = OSError(errno.EIO, "Input/output error")
        with pytest.raises(JournalError, match="does not keep"):
            await journal.append(record(1), durable=True)
        fake.sync_error = None
        with pytest.raises(JournalError, match="does not keep"):
            await journal.append(record(2), durable=True)
        with pytest.raises(JournalError, match="does not keep"):
            await journal.flush()


async def test_a_torn_record_that_can_not_be_cut_back_is_repaired_later(path: Path) -> None:
    fake = FakeDisk()
    async with Journal.create(path, disk=fake.disk) as journal:
        await journal.append(record(1), durable=True)
        fake.room, fake.truncate_error = 20, OSError(errno.EIO, "Input/output error")
        with pytest.raises(JournalError):
            await journal.append(record(2), durable=True)
        fake.room = None
        with pytest.raises(JournalError):
            await journal.append(record(2), durable=True)
    async with Journal.open(path) as journal:
        await journal.append(record(3), durable=True)
    assert [each["event"] for each in read(path).records] == [
        "host_connected",
        "tail_repaired",
        "host_connected",
    ]


@pytest.mark.parametrize("act", ["append", "cut", "unlink"])
async def test_somebody_else_touching_the_file_stops_the_run(path: Path, act: str) -> None:
    touch: dict[str, Callable[[], object]] = {
        "append": lambda: add(path, b"- {}\n"),
        "cut": lambda: os.truncate(path, 10),
        "unlink": path.unlink,
    }
    async with Journal.create(path) as journal:
        await journal.append(record(1), durable=True)
        touch[act]()
        with pytest.raises(JournalError, match="while haui was running"):
            await journal.append(record(2), durable=True)


async def test_a_cancelled_caller_does_not_take_the_record_back(path: Path) -> None:
    async with Journal.create(path) as journal:
        caller = asyncio.create_task(journal.append(record(1), durable=True))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await journal.append(record(2), durable=True)
    assert seqs(path) == [1, 2]


async def test_a_disk_that_hangs_can_not_fill_the_memory(path: Path) -> None:
    async with Journal.create(path, group_s=FOREVER) as journal:
        big = "x" * (BACKLOG_BYTES // 8)
        futures = [journal.submit(record(seq, big)) for seq in range(1, 20)]
        assert futures[0].done()
        assert not all(future.done() for future in futures)
        await asyncio.gather(*futures)
    assert len(seqs(path)) == 19


WRITER = """
import asyncio, sys
from pathlib import Path
from haui.record.journal import Journal

async def main(path):
    journal = Journal.open(path) if path.exists() else Journal.create(path)
    seq = journal.last_seq
    while True:
        seq += 1
        for ordinary in range(seq % 3):
            await journal.append({"seq": seq, "at": "t", "event": "x", "host": "y" * 200})
            seq += 1
        await journal.append({"seq": seq, "at": "t", "event": "x", "durable": 1}, durable=True)
        print(seq, flush=True)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("acknowledged", [1, 2, 7, 23, 60])
def test_a_killed_writer_loses_nothing_acknowledged(path: Path, acknowledged: int) -> None:
    for _ in range(2):  # the second time it goes on with what the first one left
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            last = 0
            for _ in range(acknowledged):
                last = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            last = max([last, *map(int, writer.stdout.read().split("\n")[:-1])])
        found = seqs(path)
        assert last in found
        assert found == list(range(1, len(found) + 1))


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from haui.errors import JournalError
from haui.record.journal import Journal

async def main(path):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
    async with Journal.create(path) as journal:
        for seq in range(1, 100):
            try:
                await journal.append({"seq": seq, "at": "t", "event": "x"}, durable=True)
            except JournalError as error:
                print(seq - 1, error.render())
                break

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_file_size_limit_is_a_full_disk(path: Path) -> None:
    command = [sys.executable, "-B", "-c", LIMITED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    count, told = done.stdout.split(" ", 1)
    assert "can't be written" in told
    assert "File too large" in told
    contents = read(path)
    assert (contents.last_seq, contents.torn) == (int(count), b"")
    assert contents.last_seq > 5


FULL = """
import asyncio, sys
from pathlib import Path
from haui.errors import JournalError
from haui.record.journal import Journal, read

async def main(folder):
    path = folder / "journal.yaml"
    async with Journal.create(path) as journal:
        (folder / "ballast").write_bytes(bytes(4096))
        for seq in range(1, 1000):
            record = {"seq": seq, "at": "t", "event": "x", "host": "y" * 100}
            try:
                await journal.append(record, durable=True)
            except JournalError as error:
                print(error.render())
                break
        print("intact", read(path).last_seq == seq - 1 and not read(path).torn)
        (folder / "ballast").unlink()
        await journal.append(record, durable=True)
        print("again", read(path).last_seq == seq)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_really_full_file_system(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=16k tmpfs "$1" || exit 77; exec "$2" -B -c "$3" "$1"'
    command = ["unshare", "-m", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, FULL]
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting a tmpfs needs root and unshare")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (1, 77) and "Traceback" not in done.stderr:
        pytest.skip(f"a tmpfs can't be mounted here: {done.stderr}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "No space left on device" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["intact True", "again True"]
