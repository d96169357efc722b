"""Secrets: where they come from, that they are asked for once, and that they stay out of sight."""

from __future__ import annotations

import asyncio
import os

import pytest

from haui.errors import UsageError
from haui.secret import Secret
from haui.transport.credentials import VARIABLES, Credentials, SecretName, parse_secrets


def descriptor(data: bytes) -> int:
    file = os.memfd_create("secrets")
    os.write(file, data)
    os.lseek(file, 0, os.SEEK_SET)
    return file


async def test_from_the_environment_which_loses_them() -> None:
    environ = {"HAUI_SSH_PASSWORD": "a", "HAUI_SUDO_PASSWORD": "", "PATH": "/bin"}
    credentials = Credentials.collect(environ)
    assert environ == {"PATH": "/bin"}
    assert await credentials.get("ssh_password", "x") == Secret("a")
    assert await credentials.get("sudo_password", "x") is None
    assert credentials.known() == (Secret("a"),)


async def test_the_descriptor_wins() -> None:
    environ = {"HAUI_SSH_PASSWORD": "a", "HAUI_REGISTRY_PASSWORD": "r"}
    text = b"# mine\n\nHAUI_SSH_PASSWORD=b=c d \nHAUI_KEY_PASSPHRASE=\xc3\xbc\r\n"
    credentials = Credentials.collect(environ, descriptor=descriptor(text))
    assert credentials.peek("ssh_password") == Secret("b=c d ")
    assert credentials.peek("key_passphrase") == Secret("ü")
    assert credentials.peek("registry_password") == Secret("r")


@pytest.mark.parametrize(
    "text", [b"HAUI_SSH_PASSWORD", b"SSH_PASSWORD=hunter22", b"hunter22", b"A=\xff", b"x" * 70000]
)
def test_bad_secrets_are_refused_without_being_shown(text: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        Credentials.collect({}, descriptor=descriptor(text))
    assert "hunter22" not in caught.value.render()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("HAUI_SUDO_PASSWORD", "hunter22\nid", "holds a line break"),
        ("HAUI_SUDO_PASSWORD", "hunter22\r", "holds a line break"),
        ("HAUI_SSH_PASSWORD", "hunter22\n", "holds a line break"),
        ("HAUI_REGISTRY_PASSWORD", "hunter22\n", "holds a line break"),
        ("HAUI_KEY_PASSPHRASE", "hunter22\0", "holds a zero byte"),
        ("HAUI_SUDO_PASSWORD", "hunter22\udcff", "is not UTF-8 text"),
        ("HAUI_SUDO_PASSWORD", "hunter22" + "ü" * 252, "is longer than 511 bytes"),
    ],
)
async def test_what_can_not_be_the_secret_is_refused(variable: str, value: str, why: str) -> None:
    """From the environment (where bytes that are no UTF-8 become surrogates) and as an answer."""
    environ = {variable: value}
    with pytest.raises(UsageError) as caught:
        Credentials.collect(environ)
    assert why in caught.value.what and variable in caught.value.fix
    assert "hunter22" not in caught.value.render()
    assert environ == {}

    async def ask(name: SecretName, what_for: str) -> str | None:
        return value

    with pytest.raises(UsageError, match=why):
        await Credentials(ask=ask).get(VARIABLES[variable], "x")


@pytest.mark.parametrize(
    "value", ["-n", " x ", "a\tb", "$(reboot)`id`;'\"\\", "ü€🐳", "#x", "y" * 511]
)
def test_what_is_only_odd_is_taken_as_it_is(value: str) -> None:
    assert Credentials.collect({"HAUI_SUDO_PASSWORD": value}).peek("sudo_password") == Secret(value)
    text = f"HAUI_SUDO_PASSWORD={value}\n".encode()
    assert parse_secrets(text) == {"sudo_password": Secret(value)}


def test_a_passphrase_may_have_several_lines() -> None:
    found = Credentials.collect({"HAUI_KEY_PASSPHRASE": "a\nb"})
    assert found.peek("key_passphrase") == Secret("a\nb")


@pytest.mark.parametrize("number", [987, -1, 10**14, 1, 2])
def test_a_descriptor_that_can_t_be_read(number: int) -> None:
    with pytest.raises(UsageError, match=f"can't be read from descriptor {number}$"):
        Credentials.collect({}, descriptor=number)
    os.fstat(1)
    os.fstat(2)


def test_standard_input_gives_secrets_and_stays_open() -> None:
    """What was opened next would be standard input, and children would read it."""
    kept, given = os.dup(0), descriptor(b"HAUI_SSH_PASSWORD=x\n")
    try:
        os.dup2(given, 0)
        assert Credentials.collect({}, descriptor=0).peek("ssh_password") == Secret("x")
        os.fstat(0)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(given)


async def test_asked_once_for_all_hosts() -> None:
    asked: list[tuple[SecretName, str]] = []

    async def ask(name: SecretName, what_for: str) -> str | None:
        asked.append((name, what_for))
        await asyncio.sleep(0)
        return "typed" if name == "ssh_password" else None

    credentials = Credentials(ask=ask)
    assert credentials.peek("ssh_password") is None
    got = await asyncio.gather(*(credentials.get("ssh_password", "ops") for _ in range(20)))
    assert got == [Secret("typed")] * 20
    assert await credentials.get("sudo_password", "root") is None
    assert await credentials.get("sudo_password", "root") is None
    assert asked == [("ssh_password", "ops"), ("sudo_password", "root")]


def test_nothing_shows_a_secret() -> None:
    secrets = parse_secrets(b"HAUI_SSH_PASSWORD=hunter22")
    assert "hunter22" not in repr(secrets)
    assert "hunter22" not in repr(Credentials(secrets).known())


async def test_a_secret_given_later_is_known_until_it_is_taken_back() -> None:
    asked: list[str] = []

    async def ask(name: SecretName, what_for: str) -> str | None:
        asked.append(name)
        return "second"

    credentials = Credentials()
    credentials.give("sudo_password", Secret("first"))
    known = await credentials.get("sudo_password", "sudo")
    assert known is not None
    assert known.reveal() == "first"
    credentials.give("sudo_password", None)
    credentials.ask_with(ask)
    known = await credentials.get("sudo_password", "sudo")
    assert known is not None
    assert (known.reveal(), asked) == ("second", ["sudo_password"])


def typing(*answers: str | None) -> tuple[Credentials, list[str]]:
    """Credentials of somebody who types these answers; the questions."""
    asked: list[str] = []
    left = list(answers)

    async def ask(name: SecretName, what_for: str) -> str | None:
        asked.append(what_for)
        return left.pop(0)

    return Credentials(ask=ask), asked


async def test_a_wrong_one_is_asked_for_again_twice_at_most() -> None:
    credentials, asked = typing("one", "two", "three", "never")
    now = await credentials.get("sudo_password", "sudo of ops")
    seen = []
    while now is not None:
        seen.append(now.reveal())
        now = await credentials.again("sudo_password", now, "sudo of ops")
    assert seen == ["one", "two", "three"]
    refused = "sudo of ops; the last one was refused"
    assert asked == ["sudo of ops", refused, refused]
    assert {secret.reveal() for secret in credentials.known()} == {"one", "two", "three"}


async def test_of_many_hosts_that_refuse_only_the_first_asks() -> None:
    credentials, asked = typing("wrong", "right")
    wrong = await credentials.get("ssh_password", "x")
    assert wrong is not None
    again = await asyncio.gather(*(credentials.again("ssh_password", wrong, "x") for _ in range(9)))
    assert again == [Secret("right")] * 9
    assert len(asked) == 2


async def test_nobody_is_asked_again_where_nobody_is() -> None:
    credentials = Credentials({"ssh_password": Secret("wrong")})
    assert not credentials.can_ask
    assert await credentials.again("ssh_password", Secret("wrong"), "x") is None


async def test_a_question_says_what_was_explained() -> None:
    credentials, asked = typing("a")
    credentials.explain({"ssh_password": "SSH password of ops on cp1, cp2"})
    await credentials.get("ssh_password", "SSH password of ops")
    assert asked == ["SSH password of ops on cp1, cp2"]
