"""What `haui reset` asks, refuses and says, without any host."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from haui.events import EtcdData, Event, Purpose, RunFinished, RunStarted, TaskFinished, TaskIntent
from haui.record.bus import EventBus
from haui.record.store import ClusterStore
from steps import reset
from tests.unit.command_line import Call, caller
from tests.unit.resets import undoing
from tests.unit.test_cli import GOOD

HOSTS = ("cp-a", "cp-b", "cp-c", "wk-a", "wk-b")
ANSWERS = GOOD + "  - {name: wk-b, address: 10.30.0.22, roles: [worker]}\n"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(reset, "CATALOGUE", undoing())


@pytest.fixture
def haui(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    return caller(monkeypatch, capsys)


@pytest.fixture
def store() -> ClusterStore:
    """A cluster that was installed."""
    store = ClusterStore("atlas")
    store.create()
    store.write_private("cluster.yaml", ANSWERS.encode())
    write(store, *run("apply", ended=True))
    return store


def run(purpose: str, *, ended: bool, etcd_data: EtcdData = "remove") -> list[Event]:
    """A run that has changed one host."""
    what: Purpose = "reset" if purpose == "reset" else "apply"
    step = "reset.kubeadm" if purpose == "reset" else "control_plane.init"
    events: list[Event] = [
        RunStarted(
            run=f"r-{purpose}", cluster="atlas", haui="1", spec_sha="a", plan_sha="b", tasks=2,
            hosts=HOSTS, purpose=what, etcd_data=etcd_data,
        ),
        TaskIntent(host="cp-a", step=step, attempt=1),
        TaskFinished(host="cp-a", step=step, outcome="ok", seconds=1.0, attempt=1),
    ]  # fmt: skip
    return [*events, *([RunFinished(outcome="ok", seconds=2.0)] if ended else [])]


def write(store: ClusterStore, *events: Event) -> None:
    async def written() -> None:
        async with store.open_journal() as journal:
            bus = EventBus(journal=journal)
            for event in events:
                await bus.emit(event)

    asyncio.run(written())


def test_without_a_terminal_the_name_has_to_be_given(haui: Call, store: ClusterStore) -> None:
    before = store.journal_path.read_bytes()
    for args in ((), ("--yes",), ("--plain", "--yes"), ("--json",)):
        outcome = haui("reset", "atlas", *args)
        assert outcome.code == 2, outcome.err
        assert "haui reset atlas --confirm atlas" in outcome.err
        assert "etcd's data on cp-a, cp-b, cp-c: every object of the cluster" in outcome.err
        assert outcome.out == ""
    assert store.journal_path.read_bytes() == before


def test_the_loss_is_told_first(haui: Call, store: ClusterStore) -> None:
    said = haui("reset", "atlas").err
    assert (
        "cp-a (10.30.0.11), cp-b (10.30.0.12), cp-c (10.30.0.13), wk-a (10.30.0.21), wk-b" in said
    )
    assert "Kubernetes 1.34.2 with 5 nodes, and everything that runs in it" in said
    assert f"{store.admin_conf}: it opens nothing any more" in said


def test_another_name_is_no_confirmation(haui: Call, store: ClusterStore) -> None:
    outcome = haui("reset", "atlas", "--confirm", "atlantis", "--yes")
    assert outcome.code == 2
    assert "--confirm atlas" in outcome.err


@pytest.mark.parametrize(
    ("args", "command"),
    [
        (("--keep-etcd-data",), "haui reset atlas --keep-etcd-data --yes"),
        (("--host", "wk-a"), "haui reset atlas --host wk-a --yes"),
    ],
)
def test_what_costs_no_data_needs_a_yes(
    haui: Call, store: ClusterStore, args: tuple[str, ...], command: str
) -> None:
    outcome = haui("reset", "atlas", *args)
    assert outcome.code == 2
    assert command in outcome.err
    assert "every object of the cluster" not in outcome.err
    kept = "etcd's data stays in /var/lib/etcd on cp-a, cp-b, cp-c: nothing uses it any more"
    assert (kept in outcome.err) == ("--keep-etcd-data" in args)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("atlas", "--host", "cp-a", "--yes"), "the cluster was begun on it"),
        (("atlas", "--host", "cp-b", "--yes"), "its etcd member would have to leave first"),
        (("atlas", "--host", "wk-z", "--yes"), "atlas has no host wk-z"),
        (("atlas", "--host", "wk-a", "--host", "wk-b", "--yes"), "can't go on without wk-a, wk-b"),
        (("nobody", "--confirm", "nobody"), "there is no cluster nobody"),
        (("../atlas",), "no cluster name"),
        ((), "name"),
        (("atlas", "--json", "--plain"), "exclude each other"),
    ],
)
def test_what_is_refused(haui: Call, store: ClusterStore, args: tuple[str, ...], said: str) -> None:
    outcome = haui("reset", *args)
    assert outcome.code == 2, outcome.err
    assert said in outcome.err


def test_a_cluster_that_was_never_begun_or_is_gone_is_not_reset(haui: Call) -> None:
    store = ClusterStore("atlas")
    store.create()
    store.write_private("cluster.yaml", ANSWERS.encode())
    assert "nothing was done" in haui("reset", "atlas", "--confirm", "atlas").err
    write(store, *run("apply", ended=True), *run("reset", ended=True))
    outcome = haui("reset", "atlas", "--confirm", "atlas")
    assert outcome.code == 2
    assert "was reset already" in outcome.err
    for command in ("verify", "resume"):
        outcome = haui(command, "atlas")
        assert outcome.code == 2
        assert "atlas was reset" in outcome.err
        assert f"haui apply {store.cluster_yaml}" in outcome.err


def test_a_typed_name_that_is_wrong_changes_nothing(
    haui: Call, store: ClusterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.journal_path.read_bytes()
    monkeypatch.setattr("haui.cli.reset.at_terminal", lambda: True)
    asked: list[str] = []
    for typed in ("", "Atlas", "yes"):

        def answer(question: str, typed: str = typed) -> str:
            asked.append(question)
            return typed

        monkeypatch.setattr("haui.cli.reset.ask_text", answer)
        outcome = haui("reset", "atlas", "--yes")
        assert outcome.code == 130
        assert "nothing was changed" in outcome.err
    assert asked == ["Type atlas to lose all of this for good:"] * 3
    assert store.journal_path.read_bytes() == before


@pytest.mark.parametrize(
    ("ended", "word", "next_command"),
    [(True, "reset", ""), (False, "reset unfinished", "continue with: haui resume atlas")],
)
def test_status_and_list_name_a_reset(
    haui: Call, store: ClusterStore, ended: bool, word: str, next_command: str
) -> None:
    write(store, *run("reset", ended=ended))
    said = haui("status", "atlas").out
    assert said.startswith(f"atlas: {word}\n")
    assert next_command in said
    assert json.loads(haui("status", "atlas", "--json").out)["purpose"] == "reset"
    assert haui("list").out.split("atlas", 1)[1].strip().startswith(word)
    assert json.loads(haui("list", "--json").out)[0]["status"] == word


def test_the_report_of_a_reset_is_about_the_reset(haui: Call, store: ClusterStore) -> None:
    write(store, *run("reset", ended=True))
    said = haui("report", "atlas").out
    assert said.startswith("# ✓ atlas is gone")
    assert "as it was before" in said
    assert "export KUBECONFIG" not in said
    write(store, *run("reset", ended=False))
    said = haui("report", "atlas").out
    assert said.startswith("# ✗ atlas is not reset as a whole")
    assert "haui resume atlas" in said


def test_an_install_on_half_reset_hosts_is_refused_before_it_asks(
    haui: Call, store: ClusterStore, tmp_path: Path
) -> None:
    write(store, *run("reset", ended=False))
    file = tmp_path / "atlas.yaml"
    file.write_text(ANSWERS)
    outcome = haui("apply", str(file), "--yes")
    assert outcome.code == 2
    assert "the reset of atlas is not finished" in outcome.err
    assert "haui resume atlas" in outcome.err


def test_resume_asks_before_it_goes_on_with_a_reset(haui: Call, store: ClusterStore) -> None:
    write(store, *run("reset", ended=False))
    outcome = haui("resume", "atlas")
    assert outcome.code == 2
    assert "continuing the unfinished reset of atlas" in outcome.err
    assert "haui resume atlas --yes" in outcome.err
