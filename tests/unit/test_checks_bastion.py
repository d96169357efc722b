"""The machine that haui runs on: its facts, what they mean, and that an error there stops all."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from pathlib import Path

import pytest

import steps
from haui.events import Finding, PreflightResult, TaskFinished
from haui.evidence import Evidence, Facts, Reading, facts_text
from haui.execution import bastion_facts
from haui.execution.localcheck import LocalCheck
from haui.plan import build_plan
from haui.spec import ClusterSpec
from steps.checks import bastion, thresholds
from tests.unit.scripted_run import Ran
from tests.unit.specs import spec
from tests.unit.test_bad_hosts import fleet

HEALTHY = [
    ("terminal", "120 40"), ("encoding", "utf-8"), ("state.folder", "/s"), ("state.mode", "0700"),
    ("state.free.mb", "5000"), ("state.filesystem", "ext4"), ("tool", "kubectl /bin/kubectl"),
]  # fmt: skip


def judged(check: str, cluster: ClusterSpec | None = None, **changes: str | None) -> Finding:
    """What a check says of a healthy bastion with these facts changed (`_` stands for a dot)."""
    told = {**dict(HEALTHY), **{key.replace("_", "."): v for key, v in changes.items()}}
    evidence = Evidence()
    text = facts_text((key, value) for key, value in told.items() if value is not None)
    evidence.keep(bastion.STEP, bastion.NAME, Reading(text))
    found = bastion.findings(cluster or spec(), evidence)
    return next(each for each in found if each.check == check)


AGENT = spec(ssh={"agent": True})
BOTH = spec(ssh={"agent": True, "password": True})


@pytest.mark.parametrize(
    ("check", "cluster", "changes", "verdict"),
    [
        ("bastion.terminal", None, {}, "ok"),
        ("bastion.terminal", None, {"terminal": None}, "ok"),
        ("bastion.terminal", None, {"terminal": "80 24"}, "ok"),
        ("bastion.terminal", None, {"terminal": "79 24"}, "warning"),
        ("bastion.terminal", None, {"terminal": "80 23"}, "warning"),
        ("bastion.terminal", None, {"encoding": "ansi_x3.4-1968"}, "warning"),
        ("bastion.space", None, {"state_free_mb": str(thresholds.STATE_ROOMY_MB)}, "ok"),
        ("bastion.space", None, {"state_free_mb": str(thresholds.STATE_ROOMY_MB - 1)}, "warning"),
        ("bastion.space", None, {"state_free_mb": str(thresholds.STATE_MB)}, "warning"),
        ("bastion.space", None, {"state_free_mb": str(thresholds.STATE_MB - 1)}, "blocked"),
        ("bastion.space", None, {"state_free_mb": None}, "skipped"),
        ("bastion.state", None, {}, "ok"),
        ("bastion.state", None, {"state_mode": "0750"}, "warning"),
        ("bastion.state", None, {"state_filesystem": "nfs4"}, "warning"),
        ("bastion.state", None, {"state_mode": None}, "skipped"),
        ("bastion.key", None, {}, "ok"),
        ("bastion.key", None, {"key": "0600 /k"}, "ok"),
        ("bastion.key", None, {"key": "0400 /k"}, "ok"),
        ("bastion.key", None, {"key": "0644 /k"}, "warning"),
        ("bastion.key", None, {"key": "absent /k"}, "blocked"),
        ("bastion.key", None, {"key": "unreadable /k"}, "blocked"),
        ("bastion.agent", None, {}, "ok"),
        ("bastion.agent", AGENT, {"agent": "2"}, "ok"),
        ("bastion.agent", AGENT, {"agent": "0"}, "blocked"),
        ("bastion.agent", AGENT, {"agent": "SSH_AUTH_SOCK names no agent"}, "blocked"),
        ("bastion.agent", BOTH, {"agent": "0"}, "warning"),
        ("bastion.agent", AGENT, {}, "skipped"),
        ("bastion.tools", None, {}, "ok"),
        ("bastion.tools", None, {"tool": "helm /bin/helm"}, "info"),
        ("bastion.tools", None, {"tool": None}, "info"),
        ("bastion.target", None, {}, "ok"),
        ("bastion.target", None, {"own": "cp1 (10.30.0.11)"}, "info"),
    ],
)
def test_verdicts(
    check: str, cluster: ClusterSpec | None, changes: dict[str, str | None], verdict: str
) -> None:
    found = judged(check, cluster, **changes)
    assert found.verdict == verdict, found


def test_every_check_is_tried() -> None:
    mark = next(m for m in test_verdicts.pytestmark if m.name == "parametrize")  # type: ignore[attr-defined]
    assert {row[0] for row in mark.args[1]} == {check.id for check in bastion.CHECKS}


def test_a_path_in_a_command_is_quoted() -> None:
    assert judged("bastion.key", key="0644 /a b;c").fix_with == "chmod 600 '/a b;c'"


def test_what_blocks_can_be_overridden() -> None:
    cluster = spec(preflight={"overrides": {"bastion.space@bastion": "it is enough for this"}})
    found = judged("bastion.space", cluster, state_free_mb="1")
    assert (found.verdict, found.override) == ("warning", "it is enough for this")


def told(cluster: ClusterSpec, folder: Path, **more: object) -> Facts:
    return Facts(facts_text(bastion_facts.facts(cluster, folder, **more)))  # type: ignore[arg-type]


def test_facts_of_this_machine(tmp_path: Path) -> None:
    key = tmp_path / "a key"
    key.write_text("k")
    key.chmod(0o640)
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/a / ext4 rw 0 0\nx {tmp_path} tmpfs rw 0 0\nn {tmp_path} nfs4 rw 0 0\n"
    )
    hosts = [
        {"name": "here", "address": "127.0.0.1", "roles": ["control-plane"]},
        {"name": "there", "address": "192.0.2.1", "roles": ["worker"], "ssh": {"key": "/no/key"}},
    ]
    cluster = spec(
        ssh={"key": str(key)}, hosts=hosts, topology={"kind": "single"},
        endpoint={"kind": "external", "name": "api.atlas.lan"},
    )  # fmt: skip
    facts = told(cluster, tmp_path / "not" / "yet", environ={"PATH": "/nowhere"}, mounts=mounts)
    assert facts.rows("key", 2) == (("0640", str(key)), ("absent", "/no/key"))
    assert facts.all("own") == ("here (127.0.0.1)",)
    assert facts.one("state.mode") == "0700"
    assert (facts.number("state.free.mb") or 0) > 0
    assert facts.one("state.filesystem") == "nfs4"
    assert facts.all("tool") == ()
    tmp_path.chmod(0o755)
    assert told(cluster, tmp_path, mounts=mounts).one("state.mode") == "0755"


def test_facts_without_anything_to_read(tmp_path: Path) -> None:
    facts = told(spec(), tmp_path, environ={}, mounts=tmp_path / "none")
    assert facts.complete
    assert facts.one("state.filesystem") is None


def test_the_terminal_is_known_while_pages_catch_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Real:
        encoding = "UTF-8"

        def fileno(self) -> int:
            return 1

    monkeypatch.setattr(sys, "stdout", object())
    monkeypatch.setattr(sys, "__stdout__", Real())
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((120, 40)))
    found = told(spec(), tmp_path, mounts=tmp_path / "none")
    assert (found.one("terminal"), found.one("encoding")) == ("120 40", "utf-8")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (struct.pack(">IBI", 5, 12, 3), "3"),
        (struct.pack(">IBI", 5, 12, 0), "0"),
        (struct.pack(">IB", 1, 5), "does not answer as an agent"),
        (b"HTTP/1.1 400 no\r\n", "does not answer as an agent"),
        (b"", "does not answer as an agent"),
    ],
)
def test_an_agent_is_asked_for_its_keys(tmp_path: Path, answer: bytes, said: str) -> None:
    path = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(1)

        def serve() -> None:
            asking, _ = server.accept()
            with asking:
                assert asking.recv(100) == b"\0\0\0\1\x0b"
                asking.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        seen = told(AGENT, tmp_path, environ={"SSH_AUTH_SOCK": str(path)}).one("agent")
        thread.join(5)
    assert seen is not None
    assert said in seen
    gone = told(AGENT, tmp_path, environ={"SSH_AUTH_SOCK": str(path)}).one("agent") or ""
    assert "does not answer" in gone
    assert told(AGENT, tmp_path, environ={}).one("agent") == "SSH_AUTH_SOCK names no agent"


def test_an_error_here_lets_every_host_be_looked_at_and_none_be_changed() -> None:
    cluster = spec()
    machines = fleet(cluster)
    bad = Finding(verdict="blocked", what="Room", check="bastion.space", fix="Make room")
    fine = Finding(verdict="ok", what="Key file", check="bastion.key")

    async def look() -> tuple[Finding, ...]:
        return (bad, fine)

    check = LocalCheck(host="bastion", step=bastion.STEP, title="Look", check=look, first=True)
    ran = Ran(machines)
    plan = build_plan(cluster, steps.CATALOGUE)
    result = machines.play(ran.go(plan, local_checks=(check,), new=True))
    assert result.outcome == "preflight"
    assert [event.check for event in ran.bus.of(PreflightResult, host="bastion")] == [
        "bastion.space", "bastion.key",
    ]  # fmt: skip
    assert [event.findings for event in ran.bus.of(TaskFinished, host="bastion")] == [(bad,)]
    ends = {(event.step, event.outcome) for event in ran.bus.of(TaskFinished, host="cp1")}
    assert ("preflight.verdict", "unchanged") in ends
    assert ("system.swap", "skipped") in ends
    assert not any(kind == "start" for _, kind, _ in machines.calls)
    assert result.left == 0
