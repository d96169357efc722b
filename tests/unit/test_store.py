"""The folder of a cluster: where things are, who may read them, what happens when it is full."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from haui.errors import JournalError, UsageError
from haui.folders import REHEARSALS
from haui.record.records import to_record
from haui.record.store import ClusterStore, Entry, find_cluster, list_clusters, state_root
from tests.unit.sample_run import sample


async def run_a_while(store: ClusterStore, events: int = 99) -> None:
    store.create()
    async with store.open_journal() as journal:
        for event in sample()[:events]:
            if event.journalled:
                await journal.append(to_record(event))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("env", "root"),
    [
        ({"HAUI_STATE_DIR": "/srv/haui", "XDG_STATE_HOME": "/x"}, "/srv/haui"),
        ({"HAUI_STATE_DIR": "~/clusters"}, "HOME/clusters"),
        ({"XDG_STATE_HOME": "/x"}, "/x/haui"),
        ({"XDG_STATE_HOME": "x"}, "HOME/.local/state/haui"),
        ({"HAUI_STATE_DIR": "", "XDG_STATE_HOME": ""}, "HOME/.local/state/haui"),
    ],
    ids=str,
)
def test_where_the_state_is(
    env: dict[str, str], root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ops")
    assert state_root(env) == Path(root.replace("HOME", "/home/ops"))


def test_a_relative_state_folder_is_refused() -> None:
    with pytest.raises(UsageError, match="relative path state"):
        state_root({"HAUI_STATE_DIR": "state"})


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("~nobody-of-that-name/x", "no home folder for HAUI_STATE_DIR=~nobody-of-that-name/x"),
        ("/srv/a\nb", r"not seen: /srv/a\\x0ab"),
        ("/srv/\x1b[31m", r"not seen: /srv/\\x1b\[31m"),
        ("/srv/\u202e", r"not seen: /srv/\\u202e"),
        ("/srv/\udcff", r"not seen: /srv/\\udcff"),
    ],
)
def test_a_state_folder_that_can_t_be_named_is_refused(folder: str, said: str) -> None:
    """The cluster file takes no path in it, and messages could not show it."""
    with pytest.raises(UsageError, match=said):
        state_root({"HAUI_STATE_DIR": folder})


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/etc", "Atlas", "-a", "a\n", "lock ", "a\0", "a" * 300]
)
def test_a_name_can_not_leave_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no cluster name"):
        ClusterStore(name, tmp_path)


def test_the_folder_of_rehearsals_is_no_cluster(tmp_path: Path) -> None:
    (tmp_path / REHEARSALS).mkdir()
    with pytest.raises(UsageError, match="rehearsals"):
        ClusterStore(REHEARSALS, tmp_path)
    assert list_clusters(tmp_path) == ()


def test_folders_and_files_are_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = ClusterStore("atlas", tmp_path / "deep" / "root")
        store.create()
        store.create()
        path = store.write_private("admin.conf", b"secret")
        with store.lock("haui apply"):
            pass
    finally:
        os.umask(old)
    assert [mode(each) for each in (store.root, store.folder, store.logs)] == [0o700] * 3
    assert path == store.admin_conf
    assert [mode(each) for each in (path, store.lock_path)] == [0o600] * 2


def test_a_folder_that_others_may_change_is_refused(tmp_path: Path) -> None:
    store = ClusterStore("atlas", tmp_path)
    store.create()
    store.folder.chmod(0o770)
    with pytest.raises(JournalError, match="can be changed by other accounts") as caught:
        store.create()
    assert f"chmod 700 {store.folder}" in caught.value.fix


def test_a_planted_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "atlas").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="not a folder of this account"):
        ClusterStore("atlas", tmp_path).create()


def test_writing_replaces_the_whole_file(tmp_path: Path) -> None:
    store = ClusterStore("atlas", tmp_path)
    store.create()
    store.write_private("report.md", b"long old content")
    assert store.write_private("report.md", b"new").read_bytes() == b"new"
    assert sorted(each.name for each in store.folder.iterdir()) == ["logs", "report.md"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_keeps_the_old_file(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ClusterStore("atlas", tmp_path)
    store.create()
    store.write_private("report.md", b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(JournalError, match="can't be written") as caught:
            store.write_private("report.md", b"new")
    assert "No space left" in caught.value.why
    assert store.report.read_bytes() == b"old"
    assert sorted(each.name for each in store.folder.iterdir()) == ["logs", "report.md"]


def test_a_path_is_no_file_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a plain file name"):
        ClusterStore("atlas", tmp_path).write_private("../x", b"")


def test_a_root_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="can't be written") as caught:
        ClusterStore("atlas", tmp_path / "file" / "root").create()
    assert "HAUI_STATE_DIR" in caught.value.fix


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(JournalError, match="can't be written"):
        ClusterStore("atlas", tmp_path).create()


ANOTHER = """
import os, sys
from pathlib import Path
from haui.errors import JournalError
from haui.record.store import ClusterStore, list_clusters

os.setuid(65534)
root = Path(sys.argv[1])
print([(entry.name, entry.status, entry.problem) for entry in list_clusters(root)])
store = ClusterStore("atlas", root)
for use in (store.read_state, store.open_journal, lambda: store.lock("haui resume")):
    try:
        use()
    except JournalError as error:
        print(error.render())
"""


def test_a_cluster_of_another_account_is_told_and_hides_no_other() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another account")
    root = Path(tempfile.mkdtemp(prefix="haui-"))
    try:
        root.chmod(0o755)
        asyncio.run(run_a_while(ClusterStore("atlas", root)))
        command = [sys.executable, "-c", ANOTHER, str(root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(root)
    assert (done.returncode, done.stderr) == (0, "")
    shown, *refused = done.stdout.splitlines()
    assert shown.startswith("[('atlas', 'damaged', ")
    assert shown.count("Permission denied") == 1
    assert sum("can't be opened" in line or "is not a folder of" in line for line in refused) == 3
    assert sum("  → " in line for line in refused) == 3


async def test_the_journal_is_made_once_and_then_opened(tmp_path: Path) -> None:
    store = ClusterStore("atlas", tmp_path)
    assert not store.read_state().unfinished
    await run_a_while(store)
    state = store.read_state()
    assert (state.cluster, state.outcome) == ("atlas", "failed")
    async with store.open_journal() as journal:
        assert journal.last_seq == sample()[-1].seq


async def test_the_list_of_clusters(tmp_path: Path) -> None:
    assert list_clusters(tmp_path / "absent") == ()
    await run_a_while(ClusterStore("failed", tmp_path))
    await run_a_while(ClusterStore("killed", tmp_path), events=9)
    await run_a_while(ClusterStore("running", tmp_path), events=9)
    await run_a_while(ClusterStore("torn", tmp_path), events=9)
    with ClusterStore("torn", tmp_path).journal_path.open("ab") as file:
        file.write(b'- {"seq"')
    await run_a_while(ClusterStore("bad", tmp_path))
    ClusterStore("bad", tmp_path).journal_path.write_bytes(b"- {}\n- {}\n")
    ClusterStore("empty", tmp_path).create()
    fresh = ClusterStore("fresh", tmp_path)
    fresh.create()
    fresh.write_private("cluster.yaml", b"name: fresh\n")
    (tmp_path / "crash-1.txt").write_text("no cluster")
    with ClusterStore("running", tmp_path).lock("haui apply"):
        entries = {entry.name: entry for entry in list_clusters(tmp_path)}
    assert {name: entry.status for name, entry in entries.items()} == {
        "bad": "damaged",
        "failed": "failed",
        "fresh": "never run",
        "killed": "interrupted",
        "running": "running",
        "torn": "interrupted",
    }
    assert "is not a journal" in entries["bad"].problem
    assert entries["failed"] == Entry(
        name="failed",
        status="failed",
        last_at=sample()[-1].at,
        settled=1,
        total=4,
        run="r1",
    )
    assert entries["failed"].to_json()["settled"] == 1


async def test_finding_a_cluster(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no cluster in"):
        find_cluster(None, tmp_path)
    await run_a_while(ClusterStore("atlas", tmp_path))
    assert find_cluster(None, tmp_path).name == "atlas"
    fresh = ClusterStore("fresh", tmp_path)
    fresh.create()
    fresh.write_private("cluster.yaml", b"")
    assert find_cluster(None, tmp_path).name == "atlas", "the only unfinished one"
    assert find_cluster("fresh", tmp_path) == fresh
    await run_a_while(ClusterStore("borea", tmp_path))
    with pytest.raises(UsageError, match="say which cluster") as caught:
        find_cluster(None, tmp_path)
    assert "atlas  failed" in caught.value.why
    with pytest.raises(UsageError, match="there is no cluster nope"):
        find_cluster("nope", tmp_path)
