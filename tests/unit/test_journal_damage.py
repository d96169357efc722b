"""Whatever happened to a journal: it is mended or refused, and never made worse.

A whole last line whose checksum is wrong can't be told from a write that a crash has torn (its
blocks reach the disk in any order), so it is set aside like one. What it said is found on the hosts
again. Anywhere else a changed bit is damage, and nothing is touched.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haui.errors import JournalError
from haui.events import AnyEvent
from haui.plan import build_plan
from haui.record.bus import EventBus
from haui.record.journal import Disk, Journal, read
from haui.record.journal_file import HEADER, LIMIT_BYTES, parse
from haui.record.journal_tail import JournalTail
from haui.record.records import Record, TailRepaired
from haui.record.reducer import replay
from haui.record.store import ClusterStore, list_clusters
from tests.unit.sample_run import START, run_started
from tests.unit.scripted_run import Ran, cluster, install, prepared
from tests.unit.test_journal_file import SMALL, WHOLE

KEPT = Disk(sync=lambda fd: None)


@pytest.fixture(autouse=True)
def _no_syncs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of them take their time, and no power fails here."""
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda fd: None)


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def put_alone(path: Path, data: bytes) -> None:
    """Make it the only file of its folder."""
    for old in path.parent.iterdir():
        old.unlink()
    path.write_bytes(data)
    path.chmod(0o600)


async def opened(path: Path) -> Journal:
    journal = Journal.open(path, now=lambda: START, disk=KEPT)
    await journal.close()
    return journal


async def never_worse(path: Path, data: bytes) -> str:
    """Open a journal of these bytes; `intact`, `mended` or `refused`. What must hold is checked."""
    put_alone(path, data)
    try:
        journal = await opened(path)
    except JournalError as error:
        assert (error.exit_code, bool(error.why), bool(error.fix)) == (8, True, True)
        assert contents_of(path.parent) == {path.name: data}, "a refused file is left alone"
        with pytest.raises(JournalError) as again:
            await opened(path)
        assert again.value.render() == error.render()
        return "refused"
    after = contents_of(path.parent)
    whole, asides = after.pop(path.name), after
    events = list(journal.contents.events())
    repairs = [event for event in events if isinstance(event, TailRepaired)]
    if asides:
        ((name, torn),) = asides.items()
        assert repairs[-1].aside == name
        assert data.endswith(torn)
        assert whole.startswith(data[: len(data) - len(torn)]), "every byte is still there"
    else:
        assert not repairs
        assert whole.startswith(data)
    second = await opened(path)
    assert second.contents.records == journal.contents.records
    assert contents_of(path.parent) == {path.name: whole, **asides}, "opening twice is as once"
    async with Journal.open(path, disk=KEPT) as last:
        more: Record = {"seq": last.last_seq + 1, "at": "t", "event": "x"}
        await last.append(more, durable=True)
    found = list(read(path).events())
    assert found[:-1] == events
    assert found[-1].seq == more["seq"]
    return "mended" if asides else "intact"


@pytest.fixture(scope="module")
def run() -> list[AnyEvent]:
    """The events of an install of five scripted hosts."""
    fleet = prepared([host.name for host in cluster().hosts])
    ran = Ran(fleet)
    fleet.play(ran.go(build_plan(cluster(), install())))
    return [run_started(), *ran.bus.events]


async def real_journal(path: Path, events: list[AnyEvent]) -> bytes:
    """The journal that such an install leaves."""
    journal = Journal.create(path, disk=KEPT)
    bus = EventBus(lambda: START, journal=journal)
    for event in events:
        await bus.emit(event)
    await journal.close()
    return contents_of(path.parent)[path.name]


async def test_a_real_journal_cut_anywhere_is_an_earlier_moment_of_its_run(
    tmp_path: Path, run: list[AnyEvent]
) -> None:
    data = await real_journal(tmp_path / "whole.yaml", run)
    events = list(parse(data, tmp_path).events())
    ends = [index for index, byte in enumerate(data, 1) if byte == 0x0A][HEADER.count(b"\n") :]
    assert len(ends) == len(events) > 40
    # The whole file is read each time: every byte of its end, and a sample of those before.
    cuts = {*range(len(data) - 400, len(data)), *random.Random(6).sample(range(len(data)), 100)}
    folder = tmp_path / "cut"
    folder.mkdir()
    for cut in sorted(cuts):
        whole = sum(end <= cut for end in ends)
        found = list(parse(data[:cut], tmp_path).events()) if cut >= len(HEADER) else []
        assert found == events[:whole]
    for cut in sorted(random.Random(7).sample(sorted(cuts), 25)):
        clean = cut == 0 or data[:cut].endswith(b"\n")
        outcome = await never_worse(folder / "journal.yaml", data[:cut])
        assert outcome == ("intact" if clean else "mended"), f"cut at byte {cut}"
    assert replay(events) == replay(read(tmp_path / "whole.yaml").events())


async def test_a_sample_of_flipped_bits_of_a_real_journal(
    tmp_path: Path, run: list[AnyEvent]
) -> None:
    data = await real_journal(tmp_path / "whole.yaml", run)
    last = data.rindex(b"\n", 0, -1) + 1
    folder = tmp_path / "flipped"
    folder.mkdir()
    for bit in random.Random(6).sample(range(8 * len(data)), 150):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        outcome = await never_worse(folder / "journal.yaml", bytes(damaged))
        if outcome == "mended":
            assert bit // 8 >= last, f"bit {bit}: only the last line may be set aside"
        if outcome == "intact":
            assert bit // 8 < len(HEADER), f"bit {bit}: only the header may change unseen"


async def flip(path: Path, bits: range) -> dict[str, int]:
    counts = {"intact": 0, "mended": 0, "refused": 0}
    for bit in bits:
        damaged = bytearray(WHOLE)
        damaged[bit // 8] ^= 1 << bit % 8
        counts[await never_worse(path, bytes(damaged))] += 1
    return counts


async def test_flipped_bits_of_a_small_journal(tmp_path: Path) -> None:
    counts = await flip(tmp_path / "journal.yaml", range(0, 8 * len(WHOLE), 13))
    assert all(counts.values()), counts


@pytest.mark.thorough
async def test_every_flipped_bit_of_a_small_journal(tmp_path: Path) -> None:
    counts = await flip(tmp_path / "journal.yaml", range(8 * len(WHOLE)))
    assert sum(counts.values()) == 8 * len(WHOLE)
    print(counts)


@st.composite
def damages(draw: st.DrawFn) -> bytes:
    """The small journal with one to three of its parts cut out, doubled, overwritten or moved."""
    data = WHOLE
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(start + draw(st.sampled_from((1, 8, 400))), len(data))))
        part = draw(
            st.sampled_from((b"", data[start:end] * 2, bytes(end - start), b"\n", b"- {}\n"))
            | st.binary(max_size=9)
        )
        data = data[:start] + part + data[end:]
    return data


@given(data=damages() | st.binary(max_size=60))
@settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_any_damage_is_mended_or_refused(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged" / "journal.yaml"
    path.parent.mkdir(exist_ok=True)
    outcome = await never_worse(path, data)
    if outcome != "refused":
        kept = [event for event in read(path).events() if event in SMALL]
        assert kept == SMALL[: len(kept)], "what is left is a beginning of what was"


async def test_a_full_disk_leaves_a_torn_end_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes can't be set aside: then they stay in the file, and nothing else is begun."""
    path = tmp_path / "journal.yaml"
    path.write_bytes(WHOLE[:-5])
    path.chmod(0o600)

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match="can't be written") as caught:
            await opened(path)
    assert "Make room" in caught.value.fix
    assert contents_of(tmp_path) == {"journal.yaml": WHOLE[:-5]}
    journal = await opened(path)
    assert isinstance(list(journal.contents.events())[-1], TailRepaired)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "dead link", "open to others"])
def test_something_else_in_its_place_is_told_at_once(tmp_path: Path, kind: str) -> None:
    """By who resumes, shows or lists: never taken for an empty journal, never waited for."""
    store = ClusterStore("atlas", tmp_path)
    store.create()
    other = store.folder / "other"
    match kind:
        case "pipe":
            os.mkfifo(store.journal_path, 0o600)
        case "folder":
            store.journal_path.mkdir()
        case "open to others":
            store.journal_path.write_bytes(WHOLE)
            store.journal_path.chmod(0o666)
        case _:
            if kind == "link":
                other.write_bytes(WHOLE)
            store.journal_path.symlink_to(other)
    for use in (store.open_journal, store.read_state):
        with pytest.raises(JournalError) as caught:
            use()
        assert caught.value.fix
    (entry,) = list_clusters(tmp_path)
    assert (entry.name, entry.status) == ("atlas", "damaged")
    assert other.exists() is (kind == "link")
    assert not other.exists() or other.read_bytes() == WHOLE


def test_a_file_of_no_journal_s_size_is_refused_and_not_read(tmp_path: Path) -> None:
    """Such as one whose end a power cut or another program has put a terabyte away."""
    store = ClusterStore("atlas", tmp_path)
    store.create()
    store.journal_path.write_bytes(WHOLE)
    os.truncate(store.journal_path, 1 << 40)
    tail = JournalTail(store.journal_path)
    for use in (store.open_journal, store.read_state, tail.poll):
        with pytest.raises(JournalError, match=f"more than {LIMIT_BYTES >> 20} MiB"):
            use()
    tail.close()
    (entry,) = list_clusters(tmp_path)
    assert entry.status == "damaged"
    assert store.journal_path.stat().st_size == 1 << 40
    assert list(store.folder.glob("journal*")) == [store.journal_path]


@pytest.mark.parametrize("first", [b"- " + b"[" * 100_000, b'- {"seq": ' + b"9" * 5000 + b"}"])
def test_what_json_chokes_on_is_a_bad_line(tmp_path: Path, first: bytes) -> None:
    for data in (first + b"\n", HEADER + first + b"\n" + first + b"\n"):
        with pytest.raises(JournalError):
            parse(data, tmp_path)


async def test_a_journal_that_was_moved_away_is_not_written_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.yaml"
    journal = Journal.create(path)
    await journal.append({"seq": 1, "at": "t", "event": "run_started"}, durable=True)
    path.rename(tmp_path / "elsewhere.yaml")
    before = contents_of(tmp_path)
    with pytest.raises(JournalError, match="was moved away while haui was running"):
        await journal.append({"seq": 2, "at": "t", "event": "x"}, durable=True)
    assert contents_of(tmp_path) == before
    await journal.close()


def test_the_advice_for_damage_in_the_middle_works(tmp_path: Path) -> None:
    """The commands of the message, run by a shell in a folder with an awkward name."""
    folder = tmp_path / "it's a $(folder)"
    folder.mkdir()
    path = folder / "journal.yaml"
    damaged = WHOLE.replace(b'"host": "cp1"', b'"host": "cp2"')
    path.write_bytes(damaged)
    path.chmod(0o600)
    with pytest.raises(JournalError, match="damaged in line 4") as caught:
        read(path)
    (command,) = [line for line in caught.value.fix.splitlines() if line.startswith("mv ")]
    subprocess.run(["sh", "-ec", command], check=True)
    assert list(read(path).events()) == SMALL[:1]
    assert (folder / "journal.yaml.damaged").read_bytes() == damaged


READ_ONLY = """
import os, sys
from pathlib import Path
from haui.errors import JournalError
from haui.record.store import ClusterStore, list_clusters

store = ClusterStore("atlas", Path(sys.argv[1]))
print(store.read_state().run, [entry.status for entry in list_clusters(store.root)], store.owner())
for use in (store.create, lambda: store.lock("haui resume"), store.open_journal):
    try:
        use()
        print("done")
    except JournalError as error:
        print(error.why, "/", error.fix)
"""


def test_a_read_only_disk_is_read_and_refused(tmp_path: Path) -> None:
    mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 77; exec "$2" -c "$3" '
    mount += '"$1"'
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting needs root and unshare")
    store = ClusterStore("atlas", tmp_path)
    store.lock("haui apply").close()
    store.journal_path.write_bytes(WHOLE)
    store.journal_path.chmod(0o600)
    command = ["unshare", "-m", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, READ_ONLY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (1, 77) and "Traceback" not in done.stderr:
        pytest.skip(f"nothing can be mounted here: {done.stderr}")
    assert (done.returncode, done.stderr) == (0, "")
    shown, *uses = done.stdout.splitlines()
    assert shown == "r1 ['interrupted'] None"
    assert uses[0] == "done", "the folders are there"
    assert all("Read-only file system / " in use for use in uses[1:])
    assert store.journal_path.read_bytes() == WHOLE


def test_from_any_earlier_record_on_nothing_is_done_twice(run: list[AnyEvent]) -> None:
    """What the advice rests on: a journal that knows less than the hosts leads to the same end."""
    plan = build_plan(cluster(), install())
    fleet = prepared([host.name for host in cluster().hosts])
    fleet.play(Ran(fleet).go(plan))
    expected = {name: sorted(machine.bodies) for name, machine in fleet.machines.items()}
    assert any(expected.values())
    for count in range(0, len(run), 5):
        again = Ran(fleet)
        fleet.play(again.go(plan, settled=replay(run[:count]).settled()))
        assert again.result is not None
        assert again.result.outcome == "ok", f"after {count} records"
        bodies = {name: sorted(machine.bodies) for name, machine in fleet.machines.items()}
        assert bodies == expected, f"after {count} records"
