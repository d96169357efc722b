"""Logging in: host keys, credentials, refusals, jump host, many hosts at once."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from pathlib import Path
from typing import Any

import pytest

from haui.errors import ConnectError, HostKeyError, StepError
from haui.host import Script
from haui.secret import Secret
from haui.transport.credentials import Credentials, SecretName
from haui.transport.hostkeys import HostKey
from haui.transport.login import Target, TransientError
from tests.ssh.conftest import Bench, StartSshd
from tests.ssh.sshd import IS_ROOT, PASSWORD, Sshd, fingerprint, free_port, keygen

ECHO = Script(name="echo", text="echo hello")
AUTH_ATTEMPT = ("Accepted", "Failed", "Postponed", "Invalid user", "[preauth] userauth")

needs_root = pytest.mark.skipif(not IS_ROOT, reason="passwords need a shadow file of our own")


def attempts(sshd: Sshd) -> list[str]:
    """The log's lines that speak of an authentication."""
    return [line for line in sshd.log.splitlines() if any(word in line for word in AUTH_ATTEMPT)]


async def test_unknown_key_is_refused_before_any_login(bench: Bench, start_sshd: StartSshd) -> None:
    sshd = start_sshd()
    host = bench.host(bench.target(sshd, fingerprint=None))
    with pytest.raises(HostKeyError) as caught:
        await host.run(ECHO)
    text = caught.value.render()
    assert sshd.fingerprint in text
    assert "--accept-new-host-keys" in text
    assert "fingerprint:" in text
    assert attempts(sshd) == []
    assert not bench.known_hosts.exists()


async def test_accepted_key_is_pinned_and_a_changed_one_refused(
    bench: Bench, start_sshd: StartSshd
) -> None:
    sshd = start_sshd()
    target = bench.target(sshd, fingerprint=None)
    host = bench.host(target, pool=bench.pool(accept_new=True))
    assert (await host.run(ECHO)).stdout == "hello\n"
    assert bench.known_hosts.stat().st_mode & 0o777 == 0o600
    assert bench.known_hosts.read_text().startswith(f"[127.0.0.1]:{sshd.port} ssh-ed25519 ")
    old = sshd.fingerprint
    sshd.stop()
    keygen(sshd.host_key)
    (sshd.folder / "log").unlink()
    sshd.start()
    again = bench.host(target, pool=bench.pool(accept_new=True))
    with pytest.raises(HostKeyError, match="has changed") as caught:
        await again.connect()
    assert old in caught.value.why
    assert sshd.fingerprint in caught.value.why
    assert f"{bench.known_hosts}:1" in caught.value.why
    assert attempts(sshd) == []


async def test_a_person_may_accept(bench: Bench, start_sshd: StartSshd) -> None:
    sshd = start_sshd()
    asked: list[tuple[str, str]] = []

    async def ask(name: str, key: HostKey) -> bool:
        asked.append((name, key.fingerprint))
        return len(asked) > 1

    host = bench.host(bench.target(sshd, fingerprint=None), pool=bench.pool(ask=ask))
    with pytest.raises(HostKeyError, match="not known"):
        await host.connect()
    assert await host.connect() == sshd.fingerprint
    assert asked == [("h1", sshd.fingerprint)] * 2
    assert bench.known_hosts.exists()


async def test_fingerprint_of_another_key_type_is_found(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path
) -> None:
    rsa = keygen(tmp_path / "rsa", kind="ecdsa")
    sshd = start_sshd()
    sshd.stop()
    sshd.options = {"HostKey": f"{sshd.host_key}\nHostKey {rsa}"}
    sshd.start()
    pinned = fingerprint(rsa.with_suffix(".pub"))
    host = bench.host(bench.target(sshd, fingerprint=pinned))
    assert await host.connect() == pinned
    wrong = bench.host(bench.target(sshd, fingerprint="SHA256:" + "A" * 43))
    with pytest.raises(HostKeyError, match="has changed") as caught:
        await wrong.connect()
    assert sshd.fingerprint in caught.value.why


async def test_prefetched_fingerprint_is_the_one_that_ssh_shows(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path
) -> None:
    rsa = keygen(tmp_path / "rsa", kind="rsa")
    sshd = start_sshd()
    sshd.stop()
    sshd.options = {"HostKey": f"{rsa}\nHostKey {sshd.host_key}"}
    sshd.start()
    verdict = await bench.pool().host_key(bench.target(sshd, fingerprint=None))
    assert (verdict.judgement, verdict.shown.fingerprint) == ("unknown", sshd.fingerprint)
    assert attempts(sshd) == []


async def test_wrong_key(bench: Bench, start_sshd: StartSshd, tmp_path: Path) -> None:
    sshd = start_sshd()
    other = keygen(tmp_path / "other")
    host = bench.host(bench.target(sshd, key=str(other)))
    with pytest.raises(ConnectError, match=r"does not let .* in with the key") as caught:
        await host.run(ECHO)
    assert not isinstance(caught.value, TransientError)
    assert caught.value.host == "h1"
    assert "authorized_keys" in caught.value.fix


@needs_root
@pytest.mark.parametrize("kbdint", ["yes", "no"])
async def test_password(bench: Bench, start_sshd: StartSshd, kbdint: str) -> None:
    sshd = start_sshd(KbdInteractiveAuthentication=kbdint)
    target = bench.target(sshd, user="ops", key=None, password=True)
    host = bench.host(target, credentials=Credentials({"ssh_password": Secret(PASSWORD)}))
    assert (await host.run(ECHO)).stdout == "hello\n"
    wrong = bench.host(target, credentials=Credentials({"ssh_password": Secret("wrong")}))
    with pytest.raises(ConnectError, match="ops in with the password"):
        await wrong.run(ECHO)
    failed = [line for line in sshd.log.splitlines() if "Failed password" in line]
    assert 1 <= len(failed) <= 2


@needs_root
async def test_a_password_typed_wrong_is_asked_for_again(
    bench: Bench, start_sshd: StartSshd
) -> None:
    sshd = start_sshd()
    answers = ["wrong", PASSWORD]

    async def ask(name: SecretName, what_for: str) -> str | None:
        return answers.pop(0)

    credentials = Credentials(ask=ask)
    pool = bench.pool(credentials)
    hosts = [
        bench.host(bench.target(sshd, name=f"h{n}", user="ops", key=None, password=True), pool=pool)
        for n in range(3)
    ]
    await asyncio.gather(*(host.connect() for host in hosts))
    assert answers == []


async def test_no_password_given(bench: Bench, shared_sshd: Sshd) -> None:
    target = bench.target(shared_sshd, key=None, password=True)
    with pytest.raises(ConnectError, match="no SSH password") as caught:
        await bench.host(target).connect()
    assert "HAUI_SSH_PASSWORD" in caught.value.fix


async def test_key_with_passphrase(bench: Bench, start_sshd: StartSshd, tmp_path: Path) -> None:
    sshd = start_sshd()
    # PEM is the format whose encryption needs no package beyond those of haui.
    key = keygen(tmp_path / "locked", kind="rsa", options=("-m", "PEM", "-N", "open sesame"))
    (sshd.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    target = bench.target(sshd, key=str(key))
    right = Credentials({"key_passphrase": Secret("open sesame")})
    assert (await bench.host(target, credentials=right).run(ECHO)).stdout == "hello\n"
    wrong = Credentials({"key_passphrase": Secret("open barley")})
    with pytest.raises(ConnectError, match=r"passphrase of .* is wrong"):
        await bench.host(target, credentials=wrong).connect()
    with pytest.raises(ConnectError, match="needs its passphrase"):
        await bench.host(target).connect()


async def test_openssh_key_with_passphrase(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path
) -> None:
    key = keygen(tmp_path / "locked", options=("-N", "open sesame"))
    sshd = start_sshd()
    (sshd.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    right = Credentials({"key_passphrase": Secret("open sesame")})
    host = bench.host(bench.target(sshd, key=str(key)), credentials=right)
    if importlib.util.find_spec("bcrypt"):
        assert (await host.run(ECHO)).stdout == "hello\n"
    else:
        with pytest.raises(ConnectError, match="bcrypt is not installed"):
            await host.run(ECHO)


async def test_bad_key_files(bench: Bench, shared_sshd: Sshd, tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match="can't be read") as caught:
        await bench.host(bench.target(shared_sshd, key=str(tmp_path / "none"))).connect()
    assert "No such file" in caught.value.why
    public = shared_sshd.client_key.with_suffix(".pub")
    with pytest.raises(ConnectError, match="not a private key"):
        await bench.host(bench.target(shared_sshd, key=str(public))).connect()


async def test_nobody_listens(bench: Bench, shared_sshd: Sshd) -> None:
    target = bench.target(shared_sshd, port=free_port())
    with pytest.raises(TransientError, match="refuses connections") as caught:
        await bench.host(target).connect()
    assert caught.value.exit_code == 5


async def test_a_server_that_is_none(bench: Bench, shared_sshd: Sshd) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ConnectError) as caught:
        await bench.host(bench.target(shared_sshd, port=port), patience_s=0).connect()
    assert str(port) in caught.value.what
    server.close()


async def test_a_black_hole_times_out(
    bench: Bench, shared_sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haui.transport.login.CONNECT_TIMEOUT_S", 0.3)
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen()
        target = bench.target(shared_sshd, port=hole.getsockname()[1])
        with pytest.raises(TransientError, match="does not answer"):
            await bench.host(target).connect()


async def test_login_shell_that_refuses(bench: Bench, start_sshd: StartSshd) -> None:
    sshd = start_sshd(ForceCommand="echo This account is not available; exit 1")
    with pytest.raises(ConnectError, match="did not run the command") as caught:
        await bench.host(bench.target(sshd)).run(ECHO)
    assert "not available" in caught.value.why


@pytest.mark.parametrize("sudo", ["none", "auto"])
@pytest.mark.parametrize("where", ["", " >&2"])
async def test_login_that_prints_without_an_end(
    bench: Bench, start_sshd: StartSshd, sudo: str, where: str
) -> None:
    sshd = start_sshd(ForceCommand=f"exec yes{where}")
    target = bench.target(sshd, **({"user": "ops"} if IS_ROOT and sudo == "auto" else {}))
    with pytest.raises(ConnectError, match="prints without an end") as caught:
        await bench.host(target, sudo=sudo).run(ECHO)
    assert "ForceCommand" in caught.value.fix
    assert len(caught.value.why) < 1000


async def test_standard_error_without_an_end(bench: Bench, shared_sshd: Sshd) -> None:
    host = bench.host(bench.target(shared_sshd))
    with pytest.raises(StepError, match="standard error"):
        await host.run(Script(name="loud", text="exec yes >&2"))
    assert (await host.run(ECHO)).stdout == "hello\n", "the connection is as good as before"


async def test_jump_host_is_shared_and_dialled_again(
    bench: Bench, start_sshd: StartSshd, shared_sshd: Sshd
) -> None:
    gate = start_sshd()
    jump = bench.target(gate, name="jump host gate")
    pool = bench.pool(jump=jump)
    hosts = [bench.host(bench.target(shared_sshd, name=f"h{n}"), pool=pool) for n in range(12)]
    done = await asyncio.gather(*(host.run(ECHO) for host in hosts))
    assert {one.stdout for one in done} == {"hello\n"}
    assert gate.log.count("Accepted publickey") == 1
    await pool.close()  # all tunnels break with it
    task = [host.tasks("none") for host in hosts]
    assert await asyncio.gather(*task) == [()] * 12
    assert gate.log.count("Accepted publickey") == 2


async def test_jump_host_key_is_checked_too(
    bench: Bench, start_sshd: StartSshd, shared_sshd: Sshd
) -> None:
    gate = start_sshd()
    pool = bench.pool(jump=bench.target(gate, name="jump host gate", fingerprint=None))
    with pytest.raises(HostKeyError, match="not known") as caught:
        await bench.host(bench.target(shared_sshd), pool=pool).connect()
    assert caught.value.host == "jump host gate"
    assert attempts(gate) == []


async def test_jump_host_that_cannot_reach_the_host(bench: Bench, shared_sshd: Sshd) -> None:
    pool = bench.pool(jump=bench.target(shared_sshd, name="jump host gate"))
    with pytest.raises(TransientError, match="jump host can't reach"):
        await bench.host(bench.target(shared_sshd, port=free_port()), pool=pool).connect()


async def test_sixty_hosts_through_one_sshd_of_default_limits(
    bench: Bench, start_sshd: StartSshd
) -> None:
    sshd = start_sshd(MaxStartups="10:30:100")
    pool = bench.pool()
    hosts = [bench.host(bench.target(sshd, name=f"h{n}"), pool=pool) for n in range(60)]
    done = await asyncio.gather(*(host.run(ECHO) for host in hosts))
    assert {one.stdout for one in done} == {"hello\n"}
    assert "Accepted publickey" in sshd.log
    assert "MaxStartups throttling" not in sshd.log, "sshd had to drop connections"


def fake_sudo(folder: Path, body: str) -> str:
    """A PATH whose sudo is `body`, a shell script that knows the password in $EXPECTED."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "sudo").write_text("#!/bin/sh\n" + body)
    (tools / "sudo").chmod(0o755)
    return f"{tools}:/usr/bin:/bin"


ASKING = """
printf '%s\\n' "$*" >>"$LOG"
case $1 in
-n) echo 'sudo: a password is required' >&2; exit 1 ;;
esac
prompt=$3
shift 4
for try in 1 2 3; do
    printf '%s' "$prompt" >&2
    IFS= read -r given || { echo 'sudo: no password was provided' >&2; exit 1; }
    if [ "$given" = 'sesame & $x' ]; then exec "$@"; fi
    echo "tried" >>"$LOG"
    echo 'Sorry, try again.' >&2
done
exit 1
"""


@pytest.fixture
def with_sudo(base: Path, start_sshd: StartSshd, tmp_path: Path) -> Any:
    """An sshd whose PATH has a sudo of our own; the log of its calls; the target to log in to."""

    def make(bench: Bench, body: str) -> tuple[Target, Path]:
        folder = base / tmp_path.name
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        log = folder / "sudo.log"
        log.touch()
        log.chmod(0o666)
        sshd = start_sshd(env={"PATH": fake_sudo(folder, body), "LOG": str(log)})
        # A login that is root already needs no sudo, so that as root the test logs in as ops.
        user = "ops" if IS_ROOT else sshd.user
        return bench.target(sshd, user=user), log

    return make


def secret(value: str) -> Credentials:
    return Credentials({"sudo_password": Secret(value)})


async def test_sudo_password_is_given_when_it_is_asked_for(bench: Bench, with_sudo: Any) -> None:
    target, log = with_sudo(bench, ASKING)
    host = bench.host(target, credentials=secret("sesame & $x"), sudo="password")
    # The fake sudo lets us in but makes nobody root, and the proof sees that.
    with pytest.raises(ConnectError, match="could not become root") as caught:
        await host.run(ECHO)
    assert "id -u says" in caught.value.why
    assert "sesame" not in log.read_text()
    assert "tried" not in log.read_text()


async def test_wrong_sudo_password_is_tried_once(bench: Bench, with_sudo: Any) -> None:
    target, log = with_sudo(bench, ASKING)
    host = bench.host(target, credentials=secret("wrong"), sudo="auto")
    for _ in range(3):
        with pytest.raises(ConnectError, match="does not accept the password"):
            await host.run(ECHO)
    assert log.read_text().count("tried") == 1


async def test_sudo_password_typed_wrong_is_asked_for_again(bench: Bench, with_sudo: Any) -> None:
    target, log = with_sudo(bench, ASKING)
    answers = ["wrong", "also wrong", "sesame & $x"]

    async def ask(name: SecretName, what_for: str) -> str | None:
        return answers.pop(0)

    host = bench.host(target, credentials=Credentials(ask=ask), sudo="auto")
    # The fake sudo lets us in but makes nobody root, and the proof sees that.
    with pytest.raises(ConnectError, match="could not become root"):
        await host.connect()
    assert answers == []
    assert "sesame" not in log.read_text()


async def test_sudo_without_a_password_to_give(bench: Bench, with_sudo: Any) -> None:
    target, _ = with_sudo(bench, ASKING)
    with pytest.raises(ConnectError, match=r"asks .* for a password") as caught:
        await bench.host(target, sudo="auto").connect()
    assert "HAUI_SUDO_PASSWORD" in caught.value.fix


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("sudo: sorry, you must have a tty to run sudo", "requiretty"),
        ("ops is not in the sudoers file.", "may not use sudo"),
        ("sudo: Account expired, contact your system administrator", "expired"),
    ],
)
async def test_sudo_refusals(bench: Bench, with_sudo: Any, said: str, what: str) -> None:
    target, _ = with_sudo(bench, f"echo '{said}' >&2; exit 1\n")
    with pytest.raises(ConnectError, match=what) as caught:
        await bench.host(target, credentials=secret("x"), sudo="auto").connect()
    assert said in caught.value.why
    assert caught.value.exit_code == 5
