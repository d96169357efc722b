"""Becoming root: the password goes only to sudo's own prompt, and only once."""

from __future__ import annotations

import re

import pytest

from haui.secret import Secret
from haui.transport.launch import Become, Launch, sudo_refusal

WITH_PASSWORD = Become("password", Secret("sesame"))


def prompt_of(launch: Launch) -> bytes:
    found = re.search(r"sudo -S -p '([^']+)' -- timeout", launch.command)
    assert found
    return found[1].encode()


def test_commands() -> None:
    assert Launch(Become(), 5).command.startswith("timeout -k 5 5 /bin/sh -c '")
    assert Launch(Become("nopasswd"), 5).command.startswith("sudo -n -- timeout")
    launch = Launch(WITH_PASSWORD, 5)
    assert "sesame" not in launch.command
    assert launch.command.endswith(f" haui {launch.sentinel}")
    assert prompt_of(launch) != prompt_of(Launch(WITH_PASSWORD, 5))


def test_noise_before_the_sentinel_is_dropped() -> None:
    launch = Launch(Become(), 5)
    mark = launch.sentinel.encode()
    assert launch.stdout(b"Welcome\nto " + mark[:7]) == b""
    assert not launch.started
    assert launch.stdout(mark[7:] + b"\nout") == b"out"
    assert launch.started
    assert launch.noise == "Welcome\nto"


def test_noise_is_bounded() -> None:
    launch = Launch(Become(), 5)
    for _ in range(100):
        launch.stdout(b"n" * 10000)
        launch.stderr(b"e" * 10000)
    assert len(launch.noise) < 20000
    assert launch.stdout(launch.sentinel.encode() + b"\nx") == b"x"


def test_the_password_is_sent_at_the_prompt_only() -> None:
    launch = Launch(WITH_PASSWORD, 5)
    prompt = prompt_of(launch)
    assert launch.stderr(b"[sudo] password for ops: ") == b""
    assert launch.stderr(prompt[:9]) == b""
    assert launch.stderr(prompt[9:]) == b"sesame\n"
    assert launch.stderr(b"a lecture") == b""
    assert not launch.refused


@pytest.mark.parametrize("together", [True, False])
def test_a_second_prompt_gets_no_password(together: bool) -> None:
    launch = Launch(WITH_PASSWORD, 5)
    prompt = prompt_of(launch)
    if together:
        assert launch.stderr(prompt + b"Sorry, try again.\n" + prompt) == b""
    else:
        assert launch.stderr(prompt) == b"sesame\n"
        assert launch.stderr(b"Sorry, try again.\n" + prompt) == b""
    assert launch.refused
    assert prompt.decode() not in launch.noise


def test_no_password_without_one() -> None:
    launch = Launch(Become("nopasswd"), 5)
    assert launch.stderr(b"password:") == b""


@pytest.mark.parametrize(
    ("noise", "what"),
    [
        ("sudo: sorry, you must have a tty to run sudo", "requiretty"),
        ("ops is not in the sudoers file.  This incident will be reported.", "may not use"),
        ("Sorry, user ops may not run sudo on cp1.", "may not use"),
        ("Sorry, user ops is not allowed to execute '/bin/sh' as root on cp1.", "may not use"),
        ("sh: 1: sudo: not found", "no sudo"),
        ("Sorry, try again.\nsudo: 1 incorrect password attempt", "does not accept"),
        ("sudo-rs: Authentication failed, try again.", "does not accept"),
        ("sudo: a password is required", "asks ops for"),
        ("sudo-rs: interactive authentication is required", "asks ops for"),
        ("sudo: account validation failure, is your account locked?", "expired"),
        ("something else", "could not become root"),
        ("", "could not become root"),
    ],
)
def test_refusals(noise: str, what: str) -> None:
    error = sudo_refusal(noise, user="ops", host="cp1")
    assert what in error.what
    assert error.fix
    assert error.host == "cp1"
    assert "{" not in error.render()
