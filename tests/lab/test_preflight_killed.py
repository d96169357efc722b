"""haui is killed, or loses a host, while its listeners stand. One of the hosts has no Python."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.conftest import FOUR, KEYS, Bare
from tests.lab.lab import Lab
from tests.lab.listing import changes, listings
from tests.lab.looking import look
from tests.lab.runs import HauiRun

PATIENCE_S = 25
"""Listeners end 15 s after the connection (LISTENER_GRACE_S); the slowest way takes some more."""
WITHOUT_PYTHON = "cp2"


@pytest.fixture(scope="module")
def lab(bare: Bare) -> Iterator[Lab]:
    """One of the hosts is without Python meanwhile."""
    python = "$(readlink -f /usr/bin/python3)"
    _sh(bare.lab, f"mv {python} /root/python && ! which python3")
    yield bare.lab
    _sh(bare.lab, f"mv /root/python {python} && python3 -V")


def _sh(lab: Lab, script: str) -> None:
    done = lab.exec(WITHOUT_PYTHON, ["sh", "-c", script])
    assert done.returncode == 0, done.stderr


def _file(lab: Lab) -> str:
    return str(lab.dir / "four.yaml")


def listeners(lab: Lab, host: str) -> set[str]:
    """The ports on which haui's own listeners listen."""
    said = lab.exec(host, ["ss", "-Hltunp"]).stdout.decode().splitlines()
    return {line.split()[4] for line in said if '"haui-probe"' in line}


def killed_while_they_listen(lab: Lab, state: Path) -> None:
    """SIGKILL to haui when all hosts listen; they still do then."""
    run = HauiRun(lab, "preflight", _file(lab), *KEYS, state=state)
    for _ in FOUR:
        run.until(lambda e: e["kind"] == "task_finished" and e["step"] == "preflight.listen")
    run.kill()
    ports = {"cp1": 5, "cp2": 5, "cp3": 5, "wk1": 1}
    assert {host: len(listeners(lab, host)) for host in FOUR} == ports
    with_python = lab.exec(WITHOUT_PYTHON, ["pgrep", "-f", "python3"]).stdout
    assert with_python == b""


def test_listeners_end_by_themselves_and_leave_nothing(lab: Lab, state: Path) -> None:
    before = listings(lab, FOUR)
    killed_while_they_listen(lab, state)
    began = time.monotonic()
    for host in FOUR:
        while lab.exec(host, ["systemctl", "is-active", "haui-probe"]).stdout != b"inactive\n":
            assert time.monotonic() - began < PATIENCE_S, host
            time.sleep(0.2)
        assert listeners(lab, host) == set()
    after = listings(lab, FOUR)
    assert {host: changes(before[host], after[host]) for host in FOUR} == {h: [] for h in FOUR}


def test_looking_again_at_once_finds_nothing_wrong(lab: Lab, state: Path) -> None:
    killed_while_they_listen(lab, state)
    looked = look(lab, state, file=Path(_file(lab)))
    assert (looked.code, looked.worse()) == (0, set()), looked.err
    for host, found in looked.found.items():
        if host in FOUR:
            assert "a listener of haui's" in found["ports.free"]["seen"]
            assert found["fleet.listeners"]["seen"].startswith("listens on ")
            assert found["fleet.ports"]["verdict"] == "ok"
            assert found["fleet.leftovers"]["verdict"] == "ok"
            assert listeners(lab, host) == set()


def test_a_connection_that_breaks_while_others_dial_disturbs_nobody(lab: Lab, state: Path) -> None:
    """Its host listens on, and haui dials it again."""
    run = HauiRun(lab, "preflight", _file(lab), *KEYS, state=state)
    begun = ("task_started", "preflight.reach", "cp1")
    run.until(lambda e: (e["kind"], e.get("step"), e.get("host")) == begun)
    assert lab.exec("cp1", ["pkill", "-KILL", "-f", "^sshd: ops"]).returncode == 0
    assert run.finish() == 0, run.talk()
    for check in ("fleet.ports", "fleet.leftovers"):
        events = list(run.of("preflight_result", check=check))
        assert [event["verdict"] for event in events] == ["ok"] * 4, events
