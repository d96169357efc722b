"""Which secrets a run needs is known, and said, before any host is dialled."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from haui.errors import UsageError
from haui.secret import Secret
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials, SecretName
from haui.transport.needs import ask_first, needs_of, told
from tests.unit.specs import spec


def reached(**ssh: Any) -> ClusterSpec:
    made = spec()
    return made.model_copy(update={"ssh": made.ssh.model_copy(update=ssh)})


def with_registry(made: ClusterSpec) -> ClusterSpec:
    images = made.supply.images.model_copy(update={"username": "puller"})
    return made.model_copy(update={"supply": made.supply.model_copy(update={"images": images})})


ALL = with_registry(reached(user="ops", password=True, sudo="password"))


def test_each_says_what_for_and_where() -> None:
    names = [host.name for host in ALL.hosts]
    found = {need.name: need for need in needs_of(ALL, registry=True)}
    assert set(found) == {"ssh_password", "sudo_password", "registry_password"}
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    assert found["ssh_password"].text == f"SSH password of ops on {shown}"
    assert found["sudo_password"].text == f"sudo password of ops on {shown}"
    assert found["registry_password"].text == "password of puller for the registry of the images"
    assert "registry_password" not in {need.name for need in needs_of(ALL, registry=False)}


def test_root_needs_no_sudo_and_auto_is_not_sure() -> None:
    assert needs_of(reached(user="root", sudo="password", password=False), registry=True) == ()
    (need,) = needs_of(reached(user="ops", sudo="auto", agent=True), registry=True)
    assert (need.name, need.sure) == ("sudo_password", False)
    assert needs_of(reached(user="ops", sudo="nopasswd", agent=True), registry=True) == ()


def test_a_locked_key_needs_its_passphrase(tmp_path: Path) -> None:
    for name, phrase in (("open", ""), ("locked", "open sesame")):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-f", str(tmp_path / name)],
            check=True,
        )
    assert needs_of(reached(key=str(tmp_path / "open"), user="root"), registry=True) == ()
    assert needs_of(reached(key=str(tmp_path / "none"), user="root"), registry=True) == ()
    (need,) = needs_of(reached(key=str(tmp_path / "locked"), user="root"), registry=True)
    assert need.name == "key_passphrase"
    assert str(tmp_path / "locked") in need.text
    assert ALL.hosts[0].name in need.text


async def test_without_a_terminal_everything_missing_is_said_at_once() -> None:
    needs = needs_of(ALL, registry=True)
    credentials = Credentials({"sudo_password": Secret("known")})
    with pytest.raises(UsageError) as caught:
        await ask_first(needs, credentials)
    assert caught.value.exit_code == 2
    text = caught.value.render()
    assert "no host was dialled" in text
    assert "HAUI_SSH_PASSWORD: SSH password of ops on" in text
    assert "HAUI_REGISTRY_PASSWORD: password of puller" in text
    assert "HAUI_SUDO_PASSWORD" not in text
    assert "set HAUI_SSH_PASSWORD, HAUI_REGISTRY_PASSWORD, or" in text


async def test_at_a_terminal_each_is_asked_for_once_and_before() -> None:
    asked: list[str] = []

    async def ask(name: SecretName, what_for: str) -> str | None:
        asked.append(what_for)
        return "x"

    needs, credentials = needs_of(ALL, registry=True), Credentials(ask=ask)
    await ask_first(needs, credentials)
    await ask_first(needs, credentials)
    assert asked == [need.text for need in needs]


def test_it_is_told_where_each_comes_from() -> None:
    needs = needs_of(ALL, registry=True)
    lines = told(needs, Credentials({"sudo_password": Secret("hunter2")}))
    assert [line.rpartition(": ")[2] for line in lines] == [
        "HAUI_SSH_PASSWORD",
        "given (HAUI_SUDO_PASSWORD)",
        "HAUI_REGISTRY_PASSWORD",
    ]
    assert "hunter2" not in "".join(lines)
    (line,) = told(needs_of(reached(user="ops", agent=True), registry=True), Credentials())
    assert line.endswith("only when a host wants it")
