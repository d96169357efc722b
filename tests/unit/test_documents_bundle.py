"""The report bundle: what is in it, how large it gets, and that no secret is anywhere in it."""

from __future__ import annotations

import json
import os
import stat
import tarfile
from pathlib import Path

import pytest
import yaml

from haui.cli.report import show_report
from haui.clusterfile.text import dump
from haui.documents import bundle
from haui.documents.bundle import write_bundle
from haui.errors import JournalError, UsageError
from haui.preset import check
from haui.record.journal import Journal
from haui.record.records import to_record
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.secret import MASK, Secret
from haui.spec import ClusterSpec
from tests.unit.document_runs import NOW, events_of, plan_of
from tests.unit.specs import offline, spec

CANARIES = ("canary-ssh-Pa55 word", 'canary|"sudo`\\1', "canary-registry-ÄÖ", "ab")
SECRETS = tuple(Secret(text) for text in CANARIES)
TOKEN = "abcdef.0123456789abcdef"
SPEC = spec()
PLAN = plan_of(SPEC)


@pytest.fixture
def store(tmp_path: Path) -> ClusterStore:
    found = ClusterStore("atlas", tmp_path / "state")
    found.create()
    return found


async def _fill(store: ClusterStore, *extra: str) -> RunState:
    """A failed run in the journal and in the logs, with secrets where they never should be."""
    journal = Journal.create(store.journal_path)
    for event in events_of(PLAN, "failed", runtime__images__cp2="failed"):
        await journal.append(to_record(event))
    await journal.close()
    for host in SPEC.hosts:
        lines = [f"T  runtime.images | line {number}" for number in range(900)]
        store.log(host.name).write_text("\n".join([*lines, *extra]) + "\n")
    return store.read_state()


def _bundle(store: ClusterStore, state: RunState, out: Path, **more: object) -> Path:
    return write_bundle(
        store, spec=SPEC, state=state, plan=PLAN, out_dir=out, now=NOW,
        secrets=SECRETS, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _contents(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        found = {}
        for entry in archive:
            assert entry.isfile() and entry.mode == 0o600
            file = archive.extractfile(entry)
            assert file is not None
            found[entry.name.split("/", 1)[1]] = file.read().decode()
        return found


async def test_what_is_in_it(store: ClusterStore, tmp_path: Path) -> None:
    path = _bundle(store, await _fill(store), tmp_path)
    assert path == tmp_path / "haui-atlas-20261121T130000Z.tar.gz"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    parts = _contents(path)
    logs = [f"logs/{host.name}.log" for host in SPEC.hosts]
    assert set(parts) == {
        "report.md", "plan.json", "cluster.yaml", "journal.yaml", "versions.txt", *logs
    }  # fmt: skip
    assert parts["report.md"].startswith("# ✗ atlas is not finished")
    assert parts["logs/cp1.log"].splitlines()[0].endswith("line 400")
    assert len(parts["logs/cp1.log"].splitlines()) == 500
    assert "haui 0.1.0" in parts["versions.txt"] and "Python 3." in parts["versions.txt"]
    assert {task["step"] for task in yaml.safe_load(parts["plan.json"])["tasks"]} >= {"system.swap"}
    assert parts["journal.yaml"] == store.journal_path.read_text()


async def test_the_answers_have_no_addresses_unless_asked_for(
    store: ClusterStore, tmp_path: Path
) -> None:
    state = await _fill(store)
    answers = _contents(_bundle(store, state, tmp_path))["cluster.yaml"]
    assert "10.30.0" not in answers and "name: atlas" not in answers
    assert check(answers)
    assert (
        "10.30.0.11" in _contents(_bundle(store, state, tmp_path, addresses=True))["cluster.yaml"]
    )


async def test_no_secret_is_anywhere(store: ClusterStore, tmp_path: Path) -> None:
    pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----"
    state = await _fill(store, *CANARIES, f"--token {TOKEN}", f"certificate-key {'ab12' * 16}", pem)
    with store.journal_path.open("a") as journal:
        journal.write(f"# {CANARIES[0]} {CANARIES[1]} {TOKEN}\n")
        journal.write(f"# {json.dumps(CANARIES)}\n")
    environ = {"TERM": CANARIES[2], "HAUI_SSH_PASSWORD": CANARIES[0], "HOME": "/home/ops"}
    path = _bundle(store, state, tmp_path, environ=environ)
    everything = "".join(_contents(path).values())
    for secret in (
        *CANARIES[:3],
        "Pa55",
        "sudo`",
        "u00c4",
        TOKEN,
        "ab12ab12",
        "b3BlbnNz",
        "/home/ops",
        "HAUI_SSH",
    ):
        assert secret not in everything
    assert MASK in everything


def test_credentials_of_the_cluster_file_never_get_in(store: ClusterStore, tmp_path: Path) -> None:
    cluster = offline()
    assert cluster.supply.images.username
    path = write_bundle(
        store, spec=cluster, state=RunState(), plan=plan_of(cluster), out_dir=tmp_path, now=NOW
    )
    parts = _contents(path)
    assert "CERTIFICATE-----" not in parts["cluster.yaml"]
    assert not [part for part in parts if part.startswith("logs/")]


async def test_its_size_is_bounded(
    store: ClusterStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await _fill(store)
    whole = _contents(_bundle(store, state, tmp_path))
    rest = sum(len(text) for part, text in whole.items() if not part.startswith("logs/"))
    monkeypatch.setattr(bundle, "TOTAL_LIMIT", rest + 2 * len(whole["logs/cp1.log"]) + 900)
    parts = _contents(_bundle(store, state, tmp_path))
    assert [part for part in parts if part.startswith("logs/")] == [
        "logs/cp2.log", "logs/cp1.log", "logs/LEFT-OUT.txt"
    ]  # fmt: skip
    assert parts["logs/LEFT-OUT.txt"] == "cp3\nwk1\nwk2\n"
    monkeypatch.setattr(bundle, "PART_LIMIT", 300)
    assert 0 < len(_contents(_bundle(store, state, tmp_path))["journal.yaml"]) <= 300


async def test_the_same_run_gives_the_same_bytes(store: ClusterStore, tmp_path: Path) -> None:
    state = await _fill(store)
    assert _bundle(store, state, tmp_path).read_bytes() == _bundle(
        store, state, tmp_path
    ).read_bytes()  # fmt: skip


async def test_a_log_that_can_t_be_read_is_left_out_and_named(
    store: ClusterStore, tmp_path: Path
) -> None:
    state = await _fill(store)
    store.log("cp1").unlink(missing_ok=True)
    os.mkfifo(store.log("cp1"))
    with tarfile.open(_bundle(store, state, tmp_path)) as archive:
        (name,) = [name for name in archive.getnames() if name.endswith("LEFT-OUT.txt")]
        told = archive.extractfile(name)
        assert told is not None
        assert told.read() == b"cp1 (can't be read: it is not a regular file)\n"


async def test_it_says_when_it_cannot_be_written(store: ClusterStore, tmp_path: Path) -> None:
    state = await _fill(store)
    with pytest.raises(JournalError, match="can't be written") as caught:
        _bundle(store, state, tmp_path / "absent")
    assert caught.value.exit_code == 8 and caught.value.fix


def test_a_hosts_name_stays_in_the_folder() -> None:
    with pytest.raises(ValueError, match="name"):
        ClusterSpec.model_validate(
            SPEC.model_dump() | {"hosts": [{"name": "../x", "address": "10.0.0.1", "roles": []}]}
        )


async def test_the_command_writes_the_report_or_a_bundle(
    store: ClusterStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`haui report` beside the journal of a failed run; secrets in the environment are masked."""
    await _fill(store, "registry says canary-registry")
    store.write_private("cluster.yaml", dump(SPEC).encode())
    monkeypatch.setenv("HAUI_STATE_DIR", str(store.root))
    monkeypatch.setenv("HAUI_REGISTRY_PASSWORD", "canary-registry")
    show_report("atlas", None)
    assert capsys.readouterr().out.startswith("# ✗ atlas is not finished")
    show_report(None, tmp_path)
    path = Path(capsys.readouterr().out.strip())
    assert path.parent == tmp_path
    with tarfile.open(path) as archive:
        texts = [archive.extractfile(name) for name in archive.getnames()]
        assert all(text is None or b"canary-registry" not in text.read() for text in texts)
    with pytest.raises(UsageError, match="no folder"):
        show_report("atlas", tmp_path / "none")


def test_there_is_nothing_to_report_before_the_first_run(
    store: ClusterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_private("cluster.yaml", dump(SPEC).encode())
    monkeypatch.setenv("HAUI_STATE_DIR", str(store.root))
    with pytest.raises(UsageError, match="nothing has been done to atlas"):
        show_report("atlas", None)
