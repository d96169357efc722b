"""Saved readings: the same again, and nothing but an error for what is no such file."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haui.errors import ConnectError, StepError, UsageError
from haui.evidence import Evidence, Reading
from haui.execution.mask import Masker
from haui.host import Script
from haui.record import readings
from haui.record.readings import Missed, Saved, load, save
from haui.record.recorded import RecordedFleet

FACTS = "preflight.facts"


def saved() -> Saved:
    evidence = Evidence()
    reading = Reading(
        "os.id\tdebian\nodd\t\u0416 ♥\nend\tok\n", 3, "err\n", 1000.25, 1000.5, "motd"
    )
    evidence.keep(FACTS, "a", reading)
    evidence.keep("preflight.supply", "a", Reading("end\tok\n"))
    lost, broken = Missed(what="gone", why="w", fix="f"), Missed(what="too much", lost=False)
    missed = {"b": {FACTS: lost}, "a": {"preflight.disk": broken}}
    return Saved(cluster="atlas", haui="1.2", at="now", evidence=evidence, missed=missed)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "facts.json"


def test_the_same_again(path: Path) -> None:
    save(path, saved())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path) == saved()
    assert path.read_bytes().isascii()
    assert json.loads(path.read_text())["format"] == readings.FORMAT
    save(path, saved())  # a file of facts is replaced
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_secrets_are_masked(path: Path) -> None:
    one = saved()
    one.evidence.keep(FACTS, "c", Reading("x\thunter22\n", noise="hunter22", stderr="hunter22"))
    save(path, one, mask=Masker(["hunter22"]).text)
    assert "hunter22" not in path.read_text()


def test_another_file_is_never_replaced(path: Path) -> None:
    for text in ("", "{}", '{"format": "haui-facts/1"}'):
        path.write_text(text)
        with pytest.raises(UsageError, match="exists already"):
            save(path, saved())
        assert path.read_text() == text


def test_a_failed_write_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, saved())
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UsageError, match="can't be written") as raised:
        save(path, saved())
    assert "No space" in raised.value.why
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(json.dumps(readings._document(saved(), str)))
    change(document)
    return json.dumps(document).encode()


def part(name: str, value: object) -> bytes:
    return changed(lambda d: d["hosts"]["a"]["readings"][FACTS].update({name: value}))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"hello", b"[]", b"null", b"{}", b"\xff\xfe\x00", b"[" * 100_000,
        b'{"format": "haui-facts/2"}', b'{"format": ["haui-facts/1"]}',
        changed(lambda d: d.update(hosts=[])),
        changed(lambda d: d.update(hosts={"a": 1})),
        changed(lambda d: d.update(hosts={"a": {}})),
        changed(lambda d: d.update(cluster=None)),
        changed(lambda d: d.pop("at")),
        changed(lambda d: d["hosts"]["a"]["readings"].update({FACTS: "text"})),
        changed(lambda d: d["hosts"]["b"]["missed"][FACTS].update(lost="yes")),
        changed(lambda d: d["hosts"]["b"]["missed"][FACTS].pop("what")),
        part("text", None), part("text", ["x"]), part("status", "0"), part("status", True),
        part("asked", 1e300), part("asked", float("nan")), part("answered", float("inf")),
        part("noise", 5),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_an_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        load(path)
    assert str(path) in raised.value.what
    assert raised.value.why
    assert len(raised.value.render()) < 1000


def test_every_shorter_file_is_an_error(path: Path) -> None:
    save(path, saved())
    whole = path.read_bytes()
    for length in range(0, len(whole.rstrip()), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(UsageError):
            load(path)


def test_a_file_that_is_too_large_is_not_read_to_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with path.open("wb") as file:
        file.truncate(readings.LARGEST + 1)
    with pytest.raises(UsageError, match="no file of facts") as raised:
        load(path)
    assert "larger than 64 MiB" in raised.value.why


@pytest.mark.parametrize("bad", ["nothing", "folder"])
def test_a_file_that_is_not_there(tmp_path: Path, bad: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="can't be read"):
        load(tmp_path / bad)


def test_texts_are_cleaned_as_those_of_a_host(path: Path) -> None:
    path.write_bytes(part("text", "os.id\tde\x1b[31mb\ud800ian\n"))
    text = load(path).evidence.of(FACTS)["a"].text
    assert "\x1b" not in text
    text.encode()


async def test_recorded_hosts_say_the_same_again_and_nothing_else() -> None:
    fleet = RecordedFleet(saved())
    host = fleet.host("a")
    assert await host.connect() == ""
    said = await host.run(Script(name=f"{FACTS}.probe", text=""))
    first = saved().evidence.of(FACTS)["a"]
    assert (said.stdout, said.status, said.stderr) == (first.text, 3, "err\n")
    assert (said.asked, said.answered, said.noise) == (1000.25, 1000.5, "motd")
    with pytest.raises(StepError, match="too much"):
        await host.run(Script(name="preflight.disk.probe", text=""))
    nobody = await host.run(Script(name="preflight.reach.probe", text=""))
    assert nobody.stdout == "end\tok\n"
    with pytest.raises(ConnectError, match="gone") as raised:
        await fleet.host("b").connect()
    assert (raised.value.why, raised.value.fix) == ("w", "f")
    with pytest.raises(StepError, match="no answer of b"):
        await fleet.host("b").run(Script(name="preflight.supply.probe", text=""))
    with pytest.raises(ConnectError, match="say nothing about c"):
        await fleet.host("c").connect()
    assert await host.tasks("r1") == ()
    with pytest.raises(StepError, match="recording"):
        await host.read("/etc/passwd")
    await fleet.close()
