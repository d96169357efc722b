"""The login shell of a simulated host, and what it is told of the catalogue."""

from __future__ import annotations

import pytest

import steps
from haui.rehearsal.cluster import announce
from haui.rehearsal.login import Sudo, asked
from haui.secret import Secret
from haui.transport.launch import Become, Launch, probe_command
from tests.rehearsal.conftest import cluster


@pytest.mark.parametrize("how", ["none", "nopasswd", "password"])
def test_every_command_of_the_client_is_understood(how: str) -> None:
    launch = Launch(Become(how, Secret("pw")), 60)  # type: ignore[arg-type]
    found = asked(launch.command, needs_password=how == "password")
    assert found.kind == "script"
    assert found.sentinel == launch.sentinel.encode() + b"\n"
    assert launch.stderr(found.prompt or b"") == (b"pw\n" if how == "password" else b"")


def test_the_question_who_the_login_is() -> None:
    assert asked(probe_command("abc"), needs_password=True).kind == "probe"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("id", b"own scripts only"),
        ("", b"own scripts only"),
        ("sh -c 'unclosed", b"syntax error"),
        ("sudo -n -- /bin/sh -c id haui x", b"a password is required"),
        ("timeout -k 5 60 /bin/sh -c 'rm -rf /' haui x", b"own scripts only"),
        (Launch(Become(), 60).command, b"has to use sudo"),
    ],
    ids=("id", "nothing", "syntax", "sudo id", "other text", "no sudo"),  # commands are random
)
def test_anything_else_is_refused(command: str, problem: bytes) -> None:
    found = asked(command, needs_password=True)
    assert found.kind == "refused"
    assert problem in found.problem


def test_sudo_asks_three_times() -> None:
    sudo = Sudo(b"prompt:", "right")
    assert [sudo.line(b"wrong")[1].endswith(b"prompt:") for _ in range(3)] == [True, True, False]
    assert Sudo(b"prompt:", "right").line(b"right") == (True, b"")


def test_the_catalogue_says_which_steps_only_read() -> None:
    known = {step.id: step for step in announce(steps.CATALOGUE, cluster())}
    assert known.keys() == {step.id for step in steps.CATALOGUE}
    reading = {name for name, step in known.items() if step.read_only}
    assert reading >= {"preflight.facts", "cluster.ready", "verify.nodes", "verify.etcd"}
    assert not reading & {"control_plane.init", "runtime.containerd", "system.swap"}
    assert known["verify.workload"].always
