"""The report: what it says of good, failed and stopped installs; nothing of a host is markup."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from haui.documents.logtail import output_of, tail
from haui.documents.phases import busy_seconds, duration, when
from haui.documents.redact import redact_state, redact_text
from haui.documents.report import report
from haui.documents.report_file import try_report, write_report
from haui.errors import JournalError
from haui.events import PreflightResult, TaskIntent, TaskRetrying, TaskStarted, Verdict
from haui.record.reducer import replay
from haui.record.state import RunState, TaskView
from haui.record.store import ClusterStore
from haui.secret import MASK, Secret
from haui.spec import ClusterSpec
from tests.unit.document_runs import NOW, plan_of, state_of
from tests.unit.sample_run import numbered, run_started
from tests.unit.specs import shapes, spec

SPEC = spec(endpoint=spec().endpoint.model_dump(), network={"cni": {"kind": "flannel"}})
PLAN = plan_of(SPEC)
CONF = Path("/home/ops/.local/state/haui/atlas/admin.conf")
GOOD = state_of(PLAN)
BAD = state_of(
    PLAN,
    "failed",
    control_plane__join__cp2="failed",
    control_plane__join__cp3="skipped",
    verify__nodes__cp1="failed",
)


def _report(state: RunState, cluster: ClusterSpec = SPEC) -> str:
    return report(cluster, state, plan=plan_of(cluster), now=NOW, kubeconfig=CONF)


def _sections(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_a_good_install() -> None:
    text = _report(GOOD)
    assert text.startswith("# ✓ atlas is up\n")
    assert f"{len(PLAN.tasks)} of {len(PLAN.tasks)} tasks are done" in text
    assert "it took 11 m 42 s" in text and "Written 2026-11-21 13:00 UTC by haui 0.1.0" in text
    assert _sections(text) == ["Cluster", "Verification", "How it went", "What to do next"]
    assert "```text\n" in text and "10.30.0.100" in text
    assert f"export KUBECONFIG={CONF}" in text
    for command in ("haui verify atlas", "snapshot save", "check-expiration",
                    f"haui preset export {CONF.parent}/cluster.yaml > atlas.yaml"):  # fmt: skip
        assert command in text
    assert "any one control plane" in text


def test_verification_stands_in_catalogue_order() -> None:
    rows = re.findall(r"^\| check of (verify\.\w+) \| (\w+) \|", _report(GOOD), re.MULTILINE)
    assert rows == [
        (task.step.id, task.host.name) for task in PLAN.tasks if task.step.phase == "verify"
    ]
    assert len(rows) > 10


def test_a_failed_install() -> None:
    text = _report(BAD)
    assert text.startswith("# ✗ atlas is not finished: a step failed\n")
    assert _sections(text)[1:3] == ["What failed", "What is left"]
    assert "### Further control plane on cp2 (control_plane.join)" in text
    assert "haui resume atlas" in text and "export KUBECONFIG" not in text
    assert "| Further control plane (control_plane.join) | cp3 | not begun, because" in text


def test_nothing_of_a_host_is_markup() -> None:
    text = _report(BAD)
    outside = re.sub(r"^(`{3,})\w*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "evil" in outside
    for live in (r"<script", r"(?<!\\)\]\(", r"(?<!\\)`rm", r"https?://evil"):
        assert not re.search(live, outside)
    assert "\x1b" not in text
    heads = None
    for line in outside.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line))
        if not line.startswith("|"):
            heads = None
            continue
        heads = heads or cells
        assert cells == heads, line


def test_a_likely_cause_is_found_in_the_log() -> None:
    line = "2026-11-21T12:00:00.000Z  control_plane.join | dial tcp 10.30.0.12:2380: i/o timeout"
    other = "2026-11-21T12:00:00.000Z  runtime.images | toomanyrequests: limit"
    text = report(
        SPEC, BAD, plan=PLAN, now=NOW, kubeconfig=CONF, output={"cp2": (other, line)}
    )  # fmt: skip
    assert "**Likely:** port 2380 of 10.30.0.12 can't be reached" in text
    assert "toomanyrequests" not in text
    assert "**Likely:**" not in _report(BAD)


def test_what_is_left_after_a_power_cut() -> None:
    state = replay(
        numbered(
            run_started(),
            TaskStarted(host="cp1", step="system.swap"),
            TaskIntent(host="cp1", step="system.swap", attempt=1),
            run_started(resumed=True),
        )
    )
    text = _report(state)
    assert text.startswith("# ✗ atlas is not finished\n")
    assert "| Turn swap off (system.swap) | cp1 | haui ended while" in text


def test_what_was_tried_again() -> None:
    tries = [
        TaskRetrying(host="cp1", step="system.swap", number=n, of=3, reason=f"| <{n}> | hunter2")
        for n in (2, 3)
    ]
    state = replay(numbered(run_started(), *tries))
    text = _report(redact_state(state, (Secret("hunter2"),)))
    assert "What was tried again" in _sections(text)
    assert "hunter2" not in text
    assert "| cp1 | Turn swap off (system.swap) |" in text
    assert "What was tried again" not in _report(GOOD)


def test_nothing_was_begun() -> None:
    text = _report(RunState())
    assert text.startswith("# ✗ atlas was not begun\n")
    assert f"0 of {len(PLAN.tasks)} tasks are done." in text


@pytest.mark.parametrize("shape", shapes())
def test_every_shape_has_a_report(shape: str) -> None:
    cluster = shapes()[shape]
    text = _report(state_of(plan_of(cluster)), cluster)
    assert all(f"| {host.name} | {host.address} |" in text
               for host in cluster.hosts)  # fmt: skip
    assert ("snapshot save" in text) == (cluster.topology.kind != "external")


def test_it_is_written_privately_and_without_secrets(tmp_path: Path) -> None:
    store = ClusterStore("atlas", tmp_path)
    store.create()
    store.log("cp2").write_text("T  control_plane.join | sudo: a password is required canary|x9\n")
    secrets = (Secret("hunter2-canary"), Secret("canary|x9"))
    path = write_report(store, state=BAD, plan=PLAN, now=NOW, secrets=secrets)
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "hunter2" not in text and "x9" not in text and MASK in text
    assert "**Likely:** sudo on the host wants a password" in text
    (tmp_path / "atlas").rename(tmp_path / "gone")
    with pytest.raises(JournalError, match="can't be written"):
        write_report(store, state=GOOD, plan=PLAN, now=NOW)
    error = try_report(store, plan=PLAN, now=NOW)
    assert error is not None and "can't be written" in error.what


def test_redaction_reaches_every_text() -> None:
    state = redact_state(BAD, (Secret("hunter2-canary"), Secret("second")))
    assert "hunter2" not in repr(state) and "second'" not in repr(state)
    assert state.settled_count == BAD.settled_count
    pem = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb"
    assert redact_text(pem) == f"a\n{MASK}\n{MASK}\n{MASK}\nb"


def _found(host: str, check: str, verdict: Verdict, **parts: Any) -> PreflightResult:
    return PreflightResult(host=host, check=check, verdict=verdict, **parts)


def _looked(*found: PreflightResult) -> RunState:
    preflight: dict[str, dict[str, PreflightResult]] = {}
    for each in found:
        preflight.setdefault(each.host, {})[each.check] = each
    return replace(GOOD, preflight=preflight)


def test_what_preflight_warned_of_and_what_was_let_pass_is_kept() -> None:
    small = {"title": "Memory", "fix": "Give it more."}
    text = _report(
        _looked(
            _found("cp1", "sizes.memory", "warning", seen="6 GB", **small),
            _found("cp2", "sizes.memory", "warning", seen="7 GB", **small),
            _found("cp1", "ports.free", "warning", title="Ports", override="k3s goes", by="eva",
                   seen="held by k3s"),
            _found("cp1", "clock.sync", "warning", title="Clock", fix_kind="haui"),
            _found("cp1", "disks.speed", "skipped", seen="no dd"),
            _found("cp1", "system.os", "ok"),
        )
    )  # fmt: skip
    section = text[text.index("## Preflight") : text.index("## Verification")]
    assert "1 was let pass, 2 warnings, 1 check was skipped." in section
    assert "| Memory (sizes.memory) | cp1, cp2 | cp1: 6 GB · cp2: 7 GB | Give it more. |" in section
    assert "| Ports (ports.free) | cp1 | held by k3s | k3s goes | eva |" in section
    for absent in ("Clock", "disks.speed", "system.os", "In the way"):
        assert absent not in section


def test_what_blocks_stands_in_the_report_and_a_clean_preflight_does_not() -> None:
    bad = _found("cp1", "ports.free", "blocked", title="Ports", seen="k3s", fix="Stop k3s.")
    assert "| Ports (ports.free) | cp1 | k3s | Stop k3s. |" in _report(_looked(bad))
    assert "## Preflight" not in _report(_looked(_found("cp1", "system.os", "ok")))


def test_a_secret_in_a_finding_of_the_preflight_is_masked() -> None:
    said = _found("cp1", "x.y", "warning", title="a", seen="pw is hunter2", override="hunter2 it")
    state = redact_state(_looked(said), (Secret("hunter2"),))
    assert "hunter2" not in str(state.preflight)
    assert MASK in state.preflight["cp1"]["x.y"].seen


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    assert tail(path, 5) == ()
    path.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert tail(path, 3) == ("line 997", "line 998", "line 999")
    assert tail(path, 500, limit_bytes=25) == ("line 998", "line 999")
    path.write_bytes(b"")
    assert tail(path, 3) == ()
    path.write_bytes(b"a\xff\nb")
    assert tail(path, 3) == ("a\\xff", "b")
    lines = ("T  a.b | one", "T  == a.b ok", "T  a.c | two", "T  a.b | x  a.b | y")
    assert output_of(lines, "a.b") == ("one", "x  a.b | y")


def test_times() -> None:
    assert [duration(s) for s in (0, 35.2, 64, 7500)] == ["0.0 s", "35.2 s", "1 m 04 s", "2 h 05 m"]
    assert when("2026-11-21T10:51:02.123Z") == "2026-11-21 10:51 UTC"
    assert when("") == "?"
    begin = datetime(2026, 11, 21, tzinfo=UTC)

    def view(end: float, seconds: float) -> TaskView:
        return TaskView(seconds=seconds, since=(begin + timedelta(seconds=end)).isoformat())

    assert busy_seconds([]) == 0
    assert busy_seconds([view(10, 10), view(12, 5), view(4, 2)]) == 12
    assert busy_seconds([view(10, 10), view(1000, 5)]) == 15
    assert busy_seconds([view(10, 10), TaskView(seconds=3)]) == 13


def test_a_markdown_reader_finds_no_link_no_html_and_whole_tables() -> None:
    reader = MarkdownIt("commonmark").enable("table")
    seen = {"tr_open": 0}
    for token in reader.parse(_report(BAD)):
        for part in (token, *(token.children or ())):
            assert part.type not in ("html_block", "html_inline", "link_open", "image", "em_open")
            seen["tr_open"] += part.type == "tr_open"
    lines = [line for line in _report(BAD).splitlines() if line.startswith("|")]
    assert seen["tr_open"] == sum(not line.startswith("| ---") for line in lines)


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_log_in_its_place_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cp1.log"
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    with pytest.raises(OSError):
        tail(path, 10)
