"""What there is to go on with: found fast, told truthfully, never broken by what is in a file."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.errors import SpecError, UsageError
from haui.preset import export_draft
from haui.record.store import ClusterStore
from haui.wizard.begin import beginnings
from haui.wizard.drafts import DraftBook
from haui.wizard.entries import Entry, forget_rehearsal, glance, look
from haui.wizard.entry_words import name_of, note_of, story_of, verb_of, word_of
from haui.wizard.expiry import certificate_end
from haui.wizard.moments import ago, clock
from haui.wizard.saving import save, target_of, titled
from tests.screens.welcome_worlds import JOIN, damage, hold, install
from tests.screens.worlds import HOSTILE, NOW, complete_answers


@contextmanager
def held(store: ClusterStore) -> Iterator[None]:
    fd = hold(store)
    try:
        yield
    finally:
        os.close(fd)


def found(root: Path) -> tuple[Entry, ...]:
    return glance(root, DraftBook(root, now=lambda: NOW))


def one(root: Path) -> Entry:
    entries = found(root)
    assert len(entries) == 1
    return look(entries[0])


def told(entry: Entry) -> str:
    return "\n".join(line.text for line in story_of(entry, NOW))


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    assert found(tmp_path / "none") == ()


def test_a_killed_install_says_where_it_was_and_what_resuming_does(tmp_path: Path) -> None:
    install(tmp_path, "atlas", done=61, minutes=14, open_at=("cp2", JOIN))
    entry = one(tmp_path)
    assert (entry.kind, verb_of(entry), word_of(entry)) == ("unfinished", "Resume", "stopped")
    assert note_of(entry, NOW) == "61 of 94 tasks · stopped 14 min ago at cp2 join"
    story = told(entry)
    assert "61 of 94 tasks on 5 hosts are done" in story
    assert f"cp2: {JOIN}, unknown: resuming re-attaches to it" in story
    assert "goes on with the other 33" in story
    assert entry.answers["name"] == "atlas"


def test_a_failed_install_says_what_why_and_what_to_do(tmp_path: Path) -> None:
    install(tmp_path, "atlas", done=40, minutes=200, failed_at=("cp3", JOIN))
    entry = one(tmp_path)
    assert (word_of(entry), note_of(entry, NOW)) == (
        "failed",
        "40 of 94 tasks · failed 3 h ago at cp3 join",
    )
    lines = [line.text for line in story_of(entry, NOW)]
    assert "cp3: Join the control plane" in lines
    assert "etcd on cp3 was added but never came in sync with the leader" in lines
    assert "Let port 2380 through from cp1 to cp3." in lines


def test_one_that_preflight_held_up_says_on_which_host(tmp_path: Path) -> None:
    install(tmp_path, "atlas", done=3, minutes=3, failed_at=("cp3", "preflight.fleet"),
            outcome="preflight")  # fmt: skip
    assert note_of(one(tmp_path), NOW).endswith("held up 3 min ago at cp3")


@pytest.mark.parametrize("outcome", ["cancelled", "preflight", "unreachable", "verification"])
def test_every_way_to_end_has_its_words(tmp_path: Path, outcome: str) -> None:
    install(tmp_path, "atlas", done=3, minutes=1, outcome=outcome)
    entry = one(tmp_path)
    plain = replace(entry, state=replace(entry.state, outcome="failed") if entry.state else None)
    assert note_of(entry, NOW) != note_of(plain, NOW)
    assert told(entry) != told(plain)


def test_a_prepared_install_that_never_began(tmp_path: Path) -> None:
    install(tmp_path, "atlas").journal_path.unlink()
    entry = one(tmp_path)
    assert note_of(entry, NOW) == "not begun: only its cluster file is there"
    assert "nothing has been changed" in told(entry)


def test_a_finished_cluster(tmp_path: Path) -> None:
    install(tmp_path, "edge-2", minutes=3 * 1440 + 1)
    before = found(tmp_path)[0]
    assert (before.kind, before.state) == ("finished", None)
    assert note_of(before, NOW) == "verified 3 days ago"
    entry = look(before)
    assert (word_of(entry), entry.kind) == ("verified", "finished")
    soon = replace(entry, ends=NOW + timedelta(days=361, hours=1))
    assert note_of(soon, NOW) == "verified 3 days ago · certificates expire in 361 d"
    late = replace(entry, ends=NOW - timedelta(days=2))
    assert note_of(late, NOW).endswith("certificates have expired")
    assert [line.tone for line in story_of(late, NOW) if "certificates" in line.text] == ["bad"]


def test_one_that_another_haui_works_on(tmp_path: Path) -> None:
    store = install(tmp_path, "atlas", done=10)
    with held(store):
        entry = one(tmp_path)
        assert (entry.kind, verb_of(entry), entry.mine) == ("held", "Watch", False)
        assert "process 4711 on other-bastion" in note_of(entry, NOW)
        assert "10 of 94 tasks" in told(entry)
        with pytest.raises(UsageError):
            forget_rehearsal(replace(entry, rehearsal=True))


def test_one_that_this_haui_works_on(tmp_path: Path) -> None:
    with install(tmp_path, "atlas", done=10).lock("haui"):
        entry = one(tmp_path)
        assert (entry.mine, verb_of(entry)) == (True, "Watch")


def test_a_damaged_journal_is_told_with_its_line(tmp_path: Path) -> None:
    damage(tmp_path, "delta")
    entry = one(tmp_path)
    assert (entry.kind, verb_of(entry), word_of(entry)) == ("damaged", "Damaged", "wrong")
    assert note_of(entry, NOW).startswith("journal.yaml is damaged in line 5")
    assert "restore it from a backup" in told(entry)


def test_a_torn_end_is_no_damage(tmp_path: Path) -> None:
    store = install(tmp_path, "atlas", done=10)
    with store.journal_path.open("ab") as file:
        file.write(b'- {"seq": 99, "at": "20')
    entry = one(tmp_path)
    assert (entry.kind, entry.at) == ("unfinished", "2026-11-21T10:43:00.000Z")


@pytest.mark.parametrize("content", [b"", b"\0\0", b"- {}\n", b"- 3\n", b"\xff\n- {\xff}\n"])
def test_what_is_no_journal_breaks_nothing(tmp_path: Path, content: bytes) -> None:
    store = install(tmp_path, "atlas")
    store.write_private("journal.yaml", content)
    store.write_private("cluster.yaml", content)
    entry = one(tmp_path)
    assert note_of(entry, NOW)
    assert told(entry)


def test_the_order_is_settled_before_any_journal_is_read(tmp_path: Path) -> None:
    install(tmp_path, "finished")
    install(tmp_path / "rehearsals", "rehearsal", done=5)
    install(tmp_path / "rehearsals", "rehearsed")
    install(tmp_path, "older", done=5, minutes=90)
    install(tmp_path, "newer", done=5, minutes=30)
    book = DraftBook(tmp_path, now=lambda: NOW)
    book.new({"name": "cedar"}).close()
    (book.folder / "x.json").write_text("{")
    with held(install(tmp_path, "held", done=5)):
        entries = glance(tmp_path, book)
    expected = [
        "newer", "older", "held", "rehearsal", "cedar", "x.json", "finished", "rehearsed",
    ]  # fmt: skip
    assert [entry.name for entry in entries] == expected
    assert len({entry.id for entry in entries}) == len(entries)


def test_drafts_are_told(tmp_path: Path) -> None:
    book = DraftBook(tmp_path, now=lambda: NOW)
    desk = book.new(complete_answers() | {"name": "atlas"}, origin="single")
    desk.visit("endpoint")
    desk.visit("hosts")
    busy = glance(tmp_path, book)[0]
    assert (verb_of(busy), busy.busy) == ("In use", True)
    assert "open in another haui" in note_of(busy, NOW)
    desk.close()
    entry = glance(tmp_path, book)[0]
    assert verb_of(entry) == "Go on"
    assert note_of(entry, NOW).startswith("page 3 of 7 · saved ")
    assert "5 hosts so far, begun from single" in told(entry)
    assert look(entry) is entry


def test_a_broken_draft_is_told_by_file_and_line(tmp_path: Path) -> None:
    book = DraftBook(tmp_path, now=lambda: NOW)
    book.new({}).close()
    path = book.folder / "broken.json"
    path.write_text('{"format": "haui-draft/1",\n oops')
    entry = glance(tmp_path, book)[-1]
    assert entry.kind == "broken draft"
    assert "broken.json:2:" in note_of(entry, NOW)
    assert "leaves the file alone" in told(entry)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_cleaned(tmp_path: Path, text: str) -> None:
    book = DraftBook(tmp_path, now=lambda: NOW)
    book.new({"name": text, "hosts": [text]}, origin=text).close()
    entry = glance(tmp_path, book)[0]
    shown = name_of(entry) + note_of(entry, NOW) + told(entry)
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_only_rehearsals_are_forgotten(tmp_path: Path) -> None:
    install(tmp_path, "atlas", done=5)
    with pytest.raises(UsageError):
        forget_rehearsal(one(tmp_path))
    install(tmp_path / "r" / "rehearsals", "rehearsal", done=5)
    forget_rehearsal(one(tmp_path / "r"))
    assert found(tmp_path / "r") == ()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"), (59, "just now"), (60, "1 min ago"), (3599, "59 min ago"),
        (3600, "1 h ago"), (86399, "23 h ago"), (86400, "yesterday"), (172800, "2 days ago"),
        (-30, "just now"), (-61, "later than this clock"),
    ],
)  # fmt: skip
def test_how_long_ago(seconds: int, text: str) -> None:
    assert ago((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == text


def test_no_moment() -> None:
    assert (ago("soon", NOW), clock("", NOW)) == ("", "")
    assert clock("2026-11-19T10:00:00Z", NOW) == "2026-11-19"


def test_the_ways_to_begin_count_presets(tmp_path: Path) -> None:
    assert " of yours" not in beginnings(tmp_path / "none")[1].note
    (tmp_path / "a.yaml").touch()
    (tmp_path / "b.txt").touch()
    assert beginnings(tmp_path)[1].note.endswith(" built in · 1 of yours")


def kubeconfig(folder: Path, pem: bytes) -> Path:
    path = folder / "admin.conf"
    path.write_bytes(b"users:\n- user:\n    client-certificate-data: " + base64.b64encode(pem))
    return path


def made_certificate(folder: Path, *, days: int) -> bytes:
    made = folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", os.devnull, "-out", str(made), "-days", str(days),
         "-subj", "/O=kubeadm:cluster-admins/CN=kubernetes-admin"],
        check=True, capture_output=True,
    )  # fmt: skip
    return made.read_bytes()


@pytest.mark.parametrize("days", [365, 36500])
def test_the_end_of_a_certificate(tmp_path: Path, days: int) -> None:
    """Dates before 2050 and after are written in two ways (RFC 5280 section 4.1.2.5)."""
    end = certificate_end(kubeconfig(tmp_path, made_certificate(tmp_path, days=days)))
    assert end is not None
    assert abs(end - datetime.now(UTC) - timedelta(days=days)) < timedelta(hours=1)


@given(st.binary(max_size=200))
def test_no_certificate_breaks_it(data: bytes) -> None:
    body = b"-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----" % base64.b64encode(data)
    with tempfile.TemporaryDirectory() as folder:
        assert certificate_end(kubeconfig(Path(folder), body)) is None
        assert certificate_end(Path(folder) / "none") is None


def test_where_a_preset_is_saved(tmp_path: Path) -> None:
    own = tmp_path / "presets"
    assert target_of("rack-7", own) == target_of(str(own / "rack-7.yaml"), own)
    away = target_of(f"{tmp_path}/x/rack.yaml", own)
    assert (away.own, away.path) == (False, tmp_path / "x" / "rack.yaml")
    assert target_of("rack.yaml", own).path == Path.cwd() / "rack.yaml"
    for wrong in ("", "  ", str(tmp_path), f"{tmp_path}/", "a\x1b[31m", "~nobody-here/x.yaml"):
        with pytest.raises(UsageError):
            target_of(wrong, own)


@pytest.mark.parametrize("typed", ["rack-7", "away/rack-7.yaml"])
def test_nothing_is_replaced_unasked(tmp_path: Path, typed: str) -> None:
    (tmp_path / "away").mkdir()
    target = target_of(typed if "/" not in typed else f"{tmp_path}/{typed}", tmp_path / "own")
    text = export_draft(complete_answers())
    path = save(target, text)
    assert (path.read_text(), path.stat().st_mode & 0o777) == (text, 0o600)
    other = titled(text, "another")
    with pytest.raises(UsageError):
        save(target, other)
    assert path.read_text() == text
    assert save(target, other, overwrite=True).read_text() == other
    with pytest.raises(SpecError):
        save(target, "topology: 3\n", overwrite=True)
    assert path.read_text() == other
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    target = target_of(f"{tmp_path}/none/x.yaml", tmp_path)
    with pytest.raises(UsageError):
        save(target, export_draft(complete_answers()))


def test_titles_stay_one_line() -> None:
    text = "# head\n\nformat: haui/1\n"
    assert titled(text, "") == text
    assert titled(text, "for\nthe \x1b[31mlab\x1b[0m").splitlines()[1:] == ["", "format: haui/1"]
