"""Every wrong way to call haui: its exit code, one clear message with what to do, no traceback."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from haui.record.store import ClusterStore, state_root
from tests.unit.command_line import Call, caller
from tests.unit.other_haui import BEGUN, Run

GOOD = """\
format: haui/1
name: atlas
profile: test
kubernetes: {version: 1.34.2}
topology: {kind: stacked}
endpoint: {kind: keepalived-haproxy, name: api.atlas.lan, vip: 10.30.0.10, port: 8443}
network: {pods: 10.60.0.0/16, services: 10.61.0.0/16}
ssh: {user: root}
hosts:
  - {name: cp-a, address: 10.30.0.11, roles: [control-plane]}
  - {name: cp-b, address: 10.30.0.12, roles: [control-plane]}
  - {name: cp-c, address: 10.30.0.13, roles: [control-plane]}
  - {name: wk-a, address: 10.30.0.21, roles: [worker]}
"""


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def haui(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    return caller(monkeypatch, capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "atlas.yaml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize(
    ("replaced", "by", "said"),
    [
        ("name: atlas", "name: [", "atlas.yaml"),
        ("profile: test", "profil: test", "profile"),
        ("version: 1.34.2", "version: 1.19.0", "kubernetes.version"),
        ("address: 10.30.0.12", "address: 10.30.0.11", "hosts[1].address"),
        ("vip: 10.30.0.10", "vip: 10.30.0.11", "endpoint.vip"),
        ("services: 10.61.0.0/16", "services: 10.60.0.0/17", "network"),
        ("port: 8443", "port: 6443", "endpoint.port"),
        ("  - {name: cp-c, address: 10.30.0.13, roles: [control-plane]}\n", "", "2 control planes"),
        ("kind: keepalived-haproxy", "kind: kube-vip", "forwards nothing"),
        ("format: haui/1", "format: haui/9", "haui/9"),
    ],
)
def test_a_wrong_file_is_3(haui, file: Path, replaced: str, by: str, said: str) -> None:  # type: ignore[no-untyped-def]
    file.write_text(GOOD.replace(replaced, by))
    for command in (("plan",), ("preflight",), ("apply", "--yes")):
        outcome = haui(*command, str(file))
        assert outcome.code == 3, outcome.err
        assert said in outcome.err
        assert outcome.out == ""


@pytest.mark.parametrize(
    "args",
    [
        ("no-such-command",),
        ("apply",),
        ("apply", "FILE", "--json", "--plain"),
        ("resume", "no-such-cluster"),
        ("status", "no-such-cluster"),
        ("rehearse", "--fault", "nonsense"),
        ("rehearse", "--fault", "cp9:control_plane.join:fail-once"),
        ("rehearse", "--hosts", "2"),
        ("rehearse", "no-such-preset"),
        ("apply", "FILE"),
        ("apply", "FILE", "--yes", "--secrets-fd", "99"),
        (),
    ],
)
def test_wrong_usage_is_2(haui, file: Path, args: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    outcome = haui(*(str(file) if arg == "FILE" else arg for arg in args))
    assert outcome.code in (2, 3) if "no-such-preset" in args else outcome.code == 2, outcome.err
    assert outcome.err


def test_a_file_that_is_not_there_is_named(haui, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    outcome = haui("plan", str(tmp_path / "none.yaml"))
    assert outcome.code == 3
    assert "none.yaml" in outcome.err


def test_a_second_haui_is_8_and_says_who(haui, file: Path) -> None:  # type: ignore[no-untyped-def]
    with ClusterStore("atlas").lock("haui apply"):
        outcome = haui("apply", str(file), "--yes")
    assert outcome.code == 8
    assert "haui apply" in outcome.err


def test_a_damaged_journal_is_8_with_its_line_and_untouched(haui, file: Path) -> None:  # type: ignore[no-untyped-def]
    store = ClusterStore("atlas")
    store.create()
    damaged = '# haui\n- {"seq": 1, "event": "run_started"}\n- {"seq": 2}\n'
    store.journal_path.write_text(damaged)
    store.journal_path.chmod(0o600)
    outcome = haui("apply", str(file), "--yes")
    assert outcome.code == 8
    assert "line 2" in outcome.err
    assert store.journal_path.read_text() == damaged


def test_status_is_told_without_the_cluster_file(haui) -> None:  # type: ignore[no-untyped-def]
    """The journal has it; what needs the file says how to put it back."""
    run = Run(state_root())
    asyncio.run(run.write(*BEGUN))
    path = run.store.cluster_yaml
    outcome = haui("status", "atlas")
    assert (outcome.code, "cp1" in outcome.out) == (0, True)
    assert f"{path} is missing" in outcome.err
    assert "cp1" in json.loads(haui("status", "atlas", "--json").out)["hosts"]
    outcome = haui("resume", "atlas", "--yes")
    assert outcome.code == 3
    assert f"cp FILE {path}" in outcome.err
    path.write_text("name: [")
    assert haui("status", "atlas").code == 0


def test_what_was_never_run_is_not_called_finished(haui, file: Path) -> None:  # type: ignore[no-untyped-def]
    """Such as a cluster whose journal was moved away as a message advised."""
    store = ClusterStore("atlas")
    store.create()
    store.write_private("cluster.yaml", file.read_bytes())
    outcome = haui("resume", "atlas", "--yes")
    assert outcome.code == 2
    assert "nothing was ever run on atlas" in outcome.err
    assert f"haui apply {store.cluster_yaml}" in outcome.err


def test_plan_shows_tasks_in_order(haui, file: Path) -> None:  # type: ignore[no-untyped-def]
    shown = haui("plan", str(file))
    assert shown.code == 0
    assert shown.out.index("control_plane.init") < shown.out.index("workers.join")
    tasks = json.loads(haui("plan", str(file), "--json").out)["tasks"]
    assert {task["host"] for task in tasks} == {"cp-a", "cp-b", "cp-c", "wk-a"}


def test_the_full_file_is_accepted_again(haui, file: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    full = haui("plan", str(file), "--full").out
    again = tmp_path / "full.yaml"
    again.write_text(full)
    assert haui("plan", str(again), "--full").out == full


def test_render_writes_every_host(haui, file: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "rendered"
    assert haui("render", str(file), "--out", str(out)).code == 0
    names = {path.name for path in out.iterdir()}
    assert names == {"cp-a", "cp-b", "cp-c", "wk-a", "RUNBOOK.md"}
    assert list(out.glob("cp-a/*/files/etc/haproxy/haproxy.cfg"))
    assert haui("render", str(file), "--out", str(out)).code == 2


def test_schema_and_presets_are_data(haui) -> None:  # type: ignore[no-untyped-def]
    assert "properties" in json.loads(haui("schema").out)
    assert "stacked-3-keepalived-haproxy" in haui("preset", "list").out
    assert haui("preset", "show", "single").out.startswith("#")
    assert haui("list").code == 0


def test_a_rehearsal_ends_with_the_table(haui) -> None:  # type: ignore[no-untyped-def]
    """The whole way through, with a step that fails once: exit 6, then the next one finishes."""
    fault = ("--fault", "wk1:workers.join:fail")
    broken = haui("rehearse", "--plain", "--speed", "100000", *fault)
    assert broken.code == 6
    assert "wk1 workers.join" in broken.out
    mended = haui("rehearse", "--plain", "--speed", "100000")
    assert mended.code == 0, mended.out
    assert "check" in mended.out
    assert "✓ rehearsal is done" in mended.out
