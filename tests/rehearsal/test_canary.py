"""Planted secrets are in nothing that is kept or shown, even when hosts say them aloud.

The fleet knows the sudo password, a bootstrap token and a private key, and puts them into what it
prints, finds and fails with; the person types a wrong password first. Afterwards all that was
written or shown is searched, in plain, in base64 and as JSON has it.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

import steps
from haui.cli.ending import code_of
from haui.cli.plain import JsonPrinter, PlainPrinter
from haui.clusterfile.text import dump
from haui.documents.bundle import write_bundle
from haui.documents.report_file import write_report
from haui.errors import HauiError
from haui.execution.controls import Controls
from haui.preset import export
from haui.record.stamp import utc_now
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.rehearsal import host as simulated
from haui.rehearsal import text as simulated_text
from haui.rehearsal.answer import Answer, Follow
from haui.rehearsal.faults import Fault
from haui.rehearsal.fleet import SimulatedFleet
from haui.rehearsal.host import SimulatedHost
from haui.secret import MASK
from haui.session.connections import fleet_opener
from haui.session.job import Job
from haui.session.perform import perform
from haui.session.plans import plan_of
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials, SecretName
from haui.transport.wire import Envelope
from tests.rehearsal.conftest import cluster

SUDO, WRONG = "canary-sudo-5d1 'x\" $y", "canary-wrong-77a0"
REGISTRY, PASSPHRASE = "canary-registry-91bc", "canary-passphrase-e0 \\"
TOKEN = "abcdef.0123456789canary"
KEY_BODY = "MIIEcanaryKEYbodyINbase64"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n-----END RSA PRIVATE KEY-----"
SAID = (SUDO, WRONG, TOKEN, PEM, f"certificate-key {'c0ffee' * 10}cafe")
JOIN = "workers.join"


def forms() -> Iterator[bytes]:
    """What is searched for."""
    for text in (SUDO, WRONG, REGISTRY, PASSPHRASE, TOKEN, KEY_BODY, "c0ffeec0ffee"):
        yield text.encode()
        yield json.dumps(text)[1:-1].encode()
        yield base64.b64encode(text.encode())
    yield base64.b64encode(f"puller:{REGISTRY}".encode())


def found_in(content: bytes) -> list[str]:
    return [form.decode() for form in forms() if form in content]


def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that say what they know: in output, findings, messages and on standard error."""
    real_narrate, real_answer = simulated_text.narrate, SimulatedHost.answer

    def narrate(*arguments: Any) -> tuple[str, ...]:
        lines = "\n".join(f"it is {said} indeed" for said in SAID).split("\n")
        return (*lines, *real_narrate(*arguments))

    def answer(self: SimulatedHost, request: Envelope, now: float) -> Answer | Follow:
        given = real_answer(self, request, now)
        if isinstance(given, Follow) or request.env.get("HAUI_PART") not in ("probe", "gate"):
            return given
        rows = "".join(f"info\t{said}\t{said}\t{said}\n" for said in SAID if "\n" not in said)
        about = self.cluster.step(request.env["HAUI_STEP"])
        extra = b"" if about.phase == "preflight" else rows.encode()
        return replace(given, stdout=extra + given.stdout, stderr="\n".join(SAID).encode())

    monkeypatch.setattr(simulated, "narrate", narrate)
    monkeypatch.setattr(SimulatedHost, "answer", answer)
    monkeypatch.setattr(simulated, "failure", lambda step: tuple(f"error: {s}" for s in SAID))


def with_locked_key(reach: ClusterSpec, folder: Path) -> ClusterSpec:
    assert reach.ssh.key is not None
    key = asyncssh.import_private_key(Path(reach.ssh.key).read_bytes())
    path = folder / "locked"
    path.write_bytes(key.export_private_key("pkcs8-pem", passphrase=PASSPHRASE))
    path.chmod(0o600)
    return reach.model_copy(update={"ssh": reach.ssh.model_copy(update={"key": str(path)})})


def asked_for() -> tuple[Credentials, list[str]]:
    """A person who types the sudo password wrong, once."""
    questions: list[str] = []
    answers: dict[SecretName, list[str]] = {
        "sudo_password": [WRONG, SUDO],
        "registry_password": [REGISTRY],
        "key_passphrase": ["nonsense-canary", PASSPHRASE],
    }

    async def ask(name: SecretName, what_for: str) -> str | None:
        questions.append(what_for)
        return answers[name].pop(0)

    return Credentials(ask=ask), questions


async def test_nothing_that_is_kept_or_shown_holds_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    talkative(monkeypatch)
    made = cluster(1, 1)
    images = made.supply.images.model_copy(update={"username": "puller"})
    spec = made.model_copy(update={"supply": made.supply.model_copy(update={"images": images})})
    fleet = SimulatedFleet(
        spec,
        state_dir=tmp_path / "fleet",
        speed=0,
        steps=steps.CATALOGUE,
        faults=(Fault.parse(f"wk1:{JOIN}:fail"),),
        sudo_password=SUDO,
    )
    reach = with_locked_key(await fleet.start(), tmp_path)
    store = ClusterStore(spec.name, tmp_path / "state")
    credentials, questions = asked_for()
    shown, lines = io.StringIO(), io.StringIO()
    with store.lock("haui apply"):
        store.write_private("cluster.yaml", dump(spec).encode())
        job = Job(
            kind="apply",
            spec=spec,
            reach=reach,
            store=store,
            open_fleet=fleet_opener(store, credentials, accept_new=True),
            credentials=credentials,
            watchers=(PlainPrinter(shown, verbose=True), JsonPrinter(lines)),
            controls=Controls(),
            bastion=False,
        )
        try:
            result = await perform(job, RunState())
        finally:
            await fleet.stop()
    assert [(failed.host, failed.step) for failed in result.failed] == [("wk1", JOIN)]
    assert any("the last one was refused" in question for question in questions)

    plan = plan_of(spec, "apply")
    known = credentials.known()
    parts: dict[str, Any] = {"state": store.read_state(), "plan": plan}
    write_report(store, **parts, now=utc_now(), secrets=known)
    bundle = write_bundle(store, spec=spec, **parts, out_dir=tmp_path, now=utc_now(), secrets=known)
    places = {str(path): path.read_bytes() for path in store.root.rglob("*") if path.is_file()}
    assert {Path(place).name for place in places} >= {"journal.yaml", "wk1.log", "report.md"}
    places |= {
        "bundle": gzip.decompress(bundle.read_bytes()),
        "plain": shown.getvalue().encode(),
        "json": lines.getvalue().encode(),
        "log": caplog.text.encode(),
        "questions": "\n".join(questions).encode(),
        "preset": export(spec, addresses=True).encode(),
        "failures": "\n".join(repr(failed) for failed in result.failed).encode(),
    }
    places.pop(str(store.admin_conf), None)
    assert {place: found for place, data in places.items() if (found := found_in(data))} == {}
    assert places["plain"].count(MASK.encode()) > 20, "the hosts did say it"


def test_a_crash_keeps_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path))

    def broken() -> None:
        password = SUDO  # a local: traces name lines, not values
        raise ValueError(f"{PEM}\nand {TOKEN}") from HauiError(str(len(password)))

    assert code_of(broken) == 1
    (trace,) = tmp_path.glob("crash-*.txt")
    assert trace.stat().st_mode & 0o777 == 0o600
    assert found_in(trace.read_bytes() + capsys.readouterr().err.encode()) == []


def test_no_core_dump_holds_them() -> None:
    """Whatever core_pattern says: the limit counts for files, the flag for programs."""
    script = """
        import ctypes, resource
        from haui.cli.ending import keep_memory_private
        keep_memory_private()
        print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, check=True
    )
    assert done.stdout.split() == [b"0", b"0"]
