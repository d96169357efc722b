"""`haui preflight` from its arguments to its exit code, over scripted hosts and saved facts."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

import haui.cli.run as cli_run
from haui.clusterfile import load as specfile
from haui.errors import ConnectError
from haui.evidence import facts_text
from haui.record.store import ClusterStore
from haui.rehearsal import facts
from haui.spec import ClusterSpec
from haui.transport.launch import sudo_refusal
from steps.checks import FACTS
from tests.unit.command_line import Call, Outcome, caller
from tests.unit.scripted import ScriptedFleet, answer
from tests.unit.test_bad_hosts import fleet
from tests.unit.test_cli import GOOD


class Hosts:
    """Scripted hosts as a session wants them."""

    def __init__(self, machines: ScriptedFleet) -> None:
        self.host = machines.hosts()

    async def close(self) -> None:
        pass


class Bench:
    """A cluster file, its hosts, and the command line."""

    def __init__(self, folder: Path, call: Call) -> None:
        self.file = folder / "atlas.yaml"
        self.file.write_text(GOOD)
        self.facts = folder / "facts.json"
        self.call = call
        self.machines = fleet(self.spec)
        self.machines.latency = 0

    @property
    def spec(self) -> ClusterSpec:
        return specfile.load(self.file).spec

    def tell(self, host: str, **changes: object) -> None:
        """Let a host tell some facts otherwise (`_` stands for a dot)."""
        spec = self.spec
        told = facts.told(FACTS, spec, spec.host(host), 1_000_000.0)
        dotted = {key.replace("_", "."): value for key, value in changes.items()}
        self.machines[host].readings[FACTS] = facts_text(facts.changed(told, dotted))

    def preflight(self, *args: object) -> Outcome:
        return self.call("preflight", str(self.file), *map(str, args))


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "ops")

    made = Bench(tmp_path, caller(monkeypatch, capsys))
    monkeypatch.setattr(cli_run, "fleet_opener", lambda *_, **__: lambda *_: Hosts(made.machines))
    return made


def findings(outcome: Outcome) -> dict[tuple[str, str], dict[str, Any]]:
    """The results of checks on hosts, from JSON lines."""
    events = [json.loads(line) for line in outcome.out.splitlines()]
    keep = ("verdict", "seen", "override", "by", "fix")
    return {
        (event["host"], event["check"]): {key: event[key] for key in keep if key in event}
        for event in events
        if event["kind"] == "preflight_result"
    }


def test_a_healthy_fleet_is_short(bench: Bench) -> None:
    outcome = bench.preflight()
    assert outcome.code == 0, outcome.out
    lines = outcome.out.splitlines()
    assert sum("looked at: " in line for line in lines) == 5, "four hosts and this machine"
    assert len(lines) < 30, outcome.out
    assert lines[-1].startswith("✓ atlas: nothing is in the way")
    assert lines[-1].endswith(f"next: haui apply {bench.file}")


def test_what_blocks_is_4_and_grouped_by_fix(bench: Bench) -> None:
    for host in ("cp-a", "cp-b", "wk-a"):
        bench.tell(host, ssh_shell="/bin/false")
    outcome = bench.preflight()
    assert outcome.code == 4
    assert outcome.out.count("(ssh.shell) on cp-a, cp-b, wk-a") == 1
    at = outcome.out.index("(ssh.shell)")
    assert "seen: /bin/false" in outcome.out[at:]
    assert "→ Give root a shell" in outcome.out[at:]
    assert sum("cp-a blocks:" in line for line in outcome.out.splitlines()) == 1
    assert outcome.out.splitlines()[-1].endswith(f"next: haui preflight {bench.file}")


def test_an_apply_is_refused_in_the_same_words(bench: Bench) -> None:
    bench.tell("cp-a", ssh_shell="/bin/false")
    looked = bench.preflight()
    refused = bench.call("apply", str(bench.file), "--yes")
    assert (looked.code, refused.code) == (4, 4)
    block = "  BLOCKS: Login shell (ssh.shell) on cp-a\n      seen: /bin/false"
    assert block in looked.out
    assert block in refused.out
    assert not any(kind == "start" for _, kind, _ in bench.machines.calls)


def test_a_host_that_is_away_is_5(bench: Bench) -> None:
    error = ConnectError("sudo asks ops for a password", fix="give it in HAUI_SUDO_PASSWORD")
    bench.machines["cp-b"].connect_error = error
    outcome = bench.preflight()
    assert outcome.code == 5
    assert "cp-b blocks: sudo asks ops for a password" in outcome.out
    assert outcome.out.count("→ give it in HAUI_SUDO_PASSWORD") == 1


@pytest.mark.parametrize(
    ("noise", "what", "fix"),
    [
        (
            "sudo: sorry, you must have a tty to run sudo",
            "sudo insists on a terminal",
            "!requiretty",
        ),
        ("ops is not in the sudoers file.", "ops may not use sudo", "visudo"),
        ("sudo: a password is required", "sudo asks ops for a password", "HAUI_SUDO_PASSWORD"),
        ("sudo: not found", "there is no sudo", "install sudo"),
    ],
)
def test_a_login_that_can_not_become_root(bench: Bench, noise: str, what: str, fix: str) -> None:
    bench.machines["cp-b"].connect_error = sudo_refusal(noise, user="ops", host="cp-b")
    outcome = bench.preflight()
    assert outcome.code == 5
    said = [line for line in outcome.out.splitlines() if what in line]
    assert ["cp-b blocks: " in line for line in said] == [True, False], outcome.out
    assert f"      seen: {noise}" in outcome.out
    assert any(line.startswith("      → ") and fix in line for line in outcome.out.splitlines())


def test_more_is_said_when_asked_for(bench: Bench) -> None:
    bench.tell("cp-a", ssh_umask=None)
    assert "did not tell its umask" not in bench.preflight().out
    assert "did not tell its umask" in bench.preflight("-v").out


def test_json_has_every_verdict(bench: Bench) -> None:
    bench.tell("cp-a", ssh_umask=None)
    found = findings(bench.preflight("--json"))
    assert found[("cp-a", "ssh.umask")]["verdict"] == "skipped"
    assert found[("cp-a", "ssh.clean")]["verdict"] == "ok"
    assert ("bastion", "bastion.space") in found


def test_saved_facts_are_judged_again_without_a_host(bench: Bench) -> None:
    bench.tell("cp-a", ssh_shell="/bin/false")
    bench.tell("cp-b", clock_first="999000.0", clock_last="999000.1")
    noisy = answer(bench.machines["cp-c"].readings[FACTS])
    bench.machines["wk-a"].connect_error = ConnectError("no route", why="to it", fix="look")
    bench.machines["cp-c"].probes[f"{FACTS}.probe"] = [
        type(noisy)(status=0, stdout=noisy.stdout, stderr="e", asked=1e6, answered=1e6, noise="hi")
    ]
    before = bench.preflight("--json", "--save", bench.facts)
    assert "facts.json" in before.err
    assert stat.S_IMODE(bench.facts.stat().st_mode) == 0o600
    bench.machines.machines.clear()
    calls = len(bench.machines.calls)
    state = sorted(Path(ClusterStore("atlas").folder).rglob("*"))
    after = bench.preflight("--json", "--from", bench.facts)
    assert findings(after) == findings(before)
    assert (before.code, after.code) == (5, 5)
    assert "no host is asked" in after.err
    assert len(bench.machines.calls) == calls
    assert sorted(Path(ClusterStore("atlas").folder).rglob("*")) == state
    plain = bench.preflight("--from", bench.facts)
    assert "wk-a blocks: no route" in plain.out


def test_saved_facts_need_no_state_folder(bench: Bench) -> None:
    bench.preflight("--save", bench.facts)
    other = bench.file.with_name("other.yaml")
    other.write_text(GOOD.replace("name: atlas", "name: titan").replace("cp-b,", "cp-x,"))
    outcome = bench.call("preflight", str(other), "--from", str(bench.facts))
    assert outcome.code == 5
    assert "the facts say nothing about cp-x" in outcome.out
    assert "for the cluster atlas, not titan" in outcome.err
    assert "left out: cp-b" in outcome.err
    assert not ClusterStore("titan").folder.exists()


def test_facts_of_a_shorter_preflight(bench: Bench) -> None:
    """What was not tried out is not judged, and is no error either."""
    bench.preflight("--save", bench.facts, "--no-rehearsals")
    asked = {name for _, kind, name in bench.machines.calls if kind == "run"}
    assert "preflight.listen.probe" not in asked
    outcome = bench.preflight("--from", bench.facts)
    assert outcome.code == 0, outcome.out


def test_save_refuses_what_is_not_ours_before_it_asks(bench: Bench) -> None:
    bench.facts.write_text("my diary")
    for target in (bench.facts, bench.facts.parent, bench.facts / "x"):
        assert bench.preflight("--save", target).code == 2
    assert bench.facts.read_text() == "my diary"
    assert not bench.machines.calls
    assert bench.preflight("--save", bench.file, "--from", bench.facts).code == 2


def test_an_override_lets_pass_and_says_who(bench: Bench) -> None:
    bench.tell("cp-a", ssh_shell="/bin/false")
    bench.tell("cp-b", ssh_shell="/bin/false")
    reason = "ssh.shell@cp-a=we know it"
    outcome = bench.preflight("--json", "--override", reason)
    assert outcome.code == 4, "cp-b still blocks"
    found = findings(outcome)[("cp-a", "ssh.shell")]
    assert (found["verdict"], found["override"], found["by"]) == ("warning", "we know it", "ops")
    both = bench.preflight("--override", "ssh.shell=we know it")
    assert both.code == 0, both.out
    assert "let pass: Login shell (ssh.shell) on cp-a, cp-b" in both.out
    assert "we know it (ops)" in both.out


def test_an_override_is_kept_and_on_record(bench: Bench) -> None:
    bench.tell("cp-a", ssh_shell="/bin/false", ssh_umask=None)
    bench.machines["cp-b"].connect_error = ConnectError("away")
    outcome = bench.call("apply", str(bench.file), "--yes", "--override", "ssh.shell=we know it")
    assert outcome.code == 5
    store = ClusterStore("atlas")
    assert store.load_spec().preflight.overrides == {"ssh.shell": "we know it"}
    kept = store.read_state().preflight["cp-a"]
    assert (kept["ssh.shell"].override, kept["ssh.shell"].by) == ("we know it", "ops")
    assert "ssh.umask" not in kept, "what was skipped is not on record"
    assert "ssh.clean" not in kept, "what is well neither"
    resumed = bench.call("resume", "atlas", "--yes", "--override", "ssh.umask@cp-b=no need")
    assert resumed.code == 5
    assert store.load_spec().preflight.overrides == {
        "ssh.shell": "we know it", "ssh.umask@cp-b": "no need",
    }  # fmt: skip


def test_an_override_that_matches_nothing_is_told(bench: Bench) -> None:
    outcome = bench.preflight("--override", "ssh.shell@wk-a=just in case")
    assert outcome.code == 0
    assert "override ssh.shell@wk-a has let nothing pass: nothing blocks there" in outcome.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ssh.shel=why not", "did you mean ssh.shell"),
        ("ssh.qqqqqqqq=why not", "ssh.facts"),
        ("ssh.shell@cp-q=why not", "did you mean cp-"),
        ("ssh.shell", "gives no reason"),
        ("ssh.shell=", "gives no reason"),
        ("ssh.shell=x", "a reason says why"),
        ("ssh.facts=why not", "can't be let pass"),
        ("=why not", "there is no check"),
        ("ssh.shell@=why not", "there is no host"),
        ("x" * 5000 + "=why not", "there is no check"),
    ],
)
def test_wrong_overrides_are_2(bench: Bench, text: str, said: str) -> None:
    for command in (("preflight",), ("apply", "--yes")):
        outcome = bench.call(*command, str(bench.file), "--override", text)
        assert outcome.code == 2
        assert said in outcome.err
        assert len(outcome.err) < 1000
    assert not bench.machines.calls
