"""One haui per cluster: the second is told who the first is, and a killed one leaves no lock."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from haui.errors import JournalError
from haui.record.store import ClusterStore
from tests.unit.sample_run import START

HOLDER = """
import sys
from pathlib import Path
from haui.record.store import ClusterStore

with ClusterStore("atlas", Path(sys.argv[1])).lock("haui apply atlas.yaml"):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> ClusterStore:
    return ClusterStore("atlas", tmp_path)


@contextmanager
def holder(store: ClusterStore) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_the_first_is(store: ClusterStore) -> None:
    with holder(store) as process:
        with pytest.raises(JournalError, match="another haui works on atlas") as caught:
            store.lock("haui resume")
        assert caught.value.exit_code == 8
        assert f"haui apply atlas.yaml, process {process.pid}" in caught.value.why
        assert socket.gethostname() in caught.value.why
        assert store.held_by() in caught.value.why


@pytest.mark.parametrize("left", ["nothing", "another file"])
def test_a_lock_that_somebody_has_removed_is_one_all_the_same(
    store: ClusterStore, left: str
) -> None:
    """Files of the name `lock` are taken for leftovers and removed."""
    with store.lock("haui apply"):
        store.lock_path.unlink()
        if left == "another file":
            store.lock_path.touch(0o600)
        for _ in range(2):
            with pytest.raises(JournalError, match="another haui works on atlas") as caught:
                store.lock("haui resume")
            assert "was removed" in caught.value.why
    store.lock("haui resume").close()
    store.lock("haui resume").close()


def test_a_folder_that_can_t_be_locked_is_no_reason_to_stop(
    store: ClusterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = fcntl.flock

    def only_files(fd: int, how: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        really(fd, how)

    monkeypatch.setattr(fcntl, "flock", only_files)
    with store.lock("haui apply"), pytest.raises(JournalError, match="another haui"):
        store.lock("haui resume")


def test_a_killed_process_holds_nothing(store: ClusterStore) -> None:
    with holder(store) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert store.lock_path.read_text(), "its text is still there, and means nothing"
        assert store.owner() is None
        with store.lock("haui resume"):
            assert store.held_by().startswith(f"haui resume, process {os.getpid()}")


def test_a_process_that_ends_well_frees_the_lock(store: ClusterStore) -> None:
    with holder(store) as process:
        process.communicate("")
        assert process.returncode == 0
        store.lock("haui resume").close()


def test_the_text_says_who(store: ClusterStore) -> None:
    with store.lock("haui apply x.yaml", now=lambda: START):
        said = json.loads(store.lock_path.read_text())
        assert said["pid"] == os.getpid()
        assert said["host"] == socket.gethostname()
        assert said["since"] == "2026-11-21T12:03:04.000Z"
        assert said["command"] == "haui apply x.yaml"
        assert set(said) == {"pid", "host", "boot_id", "ticks", "since", "command"}
    assert store.lock_path.exists(), "a lock file is never removed"
    assert store.owner() is None


def test_the_same_process_does_not_get_it_twice(store: ClusterStore) -> None:
    lock = store.lock("one")
    with pytest.raises(JournalError, match="another haui"):
        store.lock("two")
    lock.close()
    lock.close()
    store.lock("two").close()


def test_a_started_program_does_not_keep_the_lock(store: ClusterStore) -> None:
    with store.lock("haui apply"):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    try:
        store.lock("haui resume").close()
    finally:
        child.communicate()


def test_a_later_process_with_the_same_number_is_not_the_owner(store: ClusterStore) -> None:
    with store.lock("haui apply"):
        said = json.loads(store.lock_path.read_text())
    store.lock_path.write_text(json.dumps(said | {"ticks": said["ticks"] - 1}))
    assert store.owner() is None
    store.lock_path.write_text(json.dumps(said | {"boot_id": "another"}))
    assert store.owner() is None
    store.lock_path.write_text(json.dumps(said))
    assert store.owner() is not None


def test_a_holder_on_another_machine_counts_as_there(store: ClusterStore) -> None:
    with store.lock("haui apply"):
        said = json.loads(store.lock_path.read_text())
    store.lock_path.write_text(json.dumps(said | {"host": "elsewhere", "boot_id": "b"}))
    assert "on elsewhere" in store.held_by()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "\udcff"])
def test_a_text_that_says_nothing_is_no_obstacle(store: ClusterStore, text: str) -> None:
    store.create()
    store.lock_path.write_bytes(text.encode("utf-8", "surrogateescape"))
    store.lock_path.chmod(0o600)
    assert store.owner() is None
    store.lock("haui apply").close()


def test_a_lock_that_others_may_write_is_refused(store: ClusterStore) -> None:
    store.lock("one").close()
    store.lock_path.chmod(0o666)
    with pytest.raises(JournalError, match="can be changed by other accounts"):
        store.lock("two")


FORKER = """
import os, sys, time
from pathlib import Path
from haui.record.store import ClusterStore

lock = ClusterStore("atlas", Path(sys.argv[1])).lock("haui apply atlas.yaml")
child = os.fork()
if child == 0:
    sys.stdin.read()
    os._exit(0)
print(child, flush=True)
time.sleep(600)
"""


def test_a_child_that_inherited_the_lock_is_told_from_its_owner(store: ClusterStore) -> None:
    """A process that was forked, and runs no other program, has the lock as long as it lives."""
    with subprocess.Popen(
        [sys.executable, "-c", FORKER, str(store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        child = int(process.stdout.readline())
        try:
            process.kill()
            process.wait()
            with pytest.raises(JournalError, match="has left a process behind") as caught:
                store.lock("haui resume")
            assert f"process {process.pid}" in caught.value.why
            assert f"fuser -v {store.lock_path}" in caught.value.fix
        finally:
            os.kill(child, signal.SIGKILL)
        process.stdout.read()  # its end: the child is gone, too
    store.lock("haui resume").close()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "link to nothing"])
def test_something_else_in_its_place_is_refused_at_once(store: ClusterStore, kind: str) -> None:
    store.create()
    match kind:
        case "folder":
            store.lock_path.mkdir()
        case "pipe":
            os.mkfifo(store.lock_path, 0o600)
        case "link":
            target = store.folder / "other"
            target.write_text("kept")
            store.lock_path.symlink_to(target)
        case _:
            store.lock_path.symlink_to(store.folder / "absent")
    assert store.owner() is None
    with pytest.raises(JournalError, match=r"can't be opened|not a regular file") as caught:
        store.lock("haui apply")
    assert caught.value.fix
    assert not (store.folder / "absent").exists()
    assert (store.folder / "other").exists() is (kind == "link")


def test_a_disk_that_has_become_read_only_does_not_keep_the_lock(
    store: ClusterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = store.lock("haui apply")

    def refuse(fd: int, length: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", refuse)
        lock.close()
    store.lock("haui resume").close()


@pytest.mark.parametrize(
    "change",
    [{"pid": "../1\0"}, {"ticks": "1"}, {"command": "\x1b[2J"}, {"host": ["a"]}, {"since": None}],
    ids=str,
)
def test_a_damaged_text_is_never_shown(store: ClusterStore, change: dict[str, object]) -> None:
    with store.lock("haui apply"):
        said = json.loads(store.lock_path.read_text())
        store.lock_path.write_text(json.dumps(said | change))
        assert store.owner() is None
        with pytest.raises(JournalError, match="another haui"):
            store.lock("haui resume")
