"""Connections that freeze, are refused for a while, or lead nowhere, on a real sshd."""

# ruff: noqa: ASYNC110 - the events of a bench are a plain list

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from haui.host import Script, TaskId, TaskRequest
from haui.transport import login
from haui.transport.remote import RemoteHost
from tests.ssh.conftest import Bench, StartSshd
from tests.ssh.lines import Lines

KEEPALIVE_S, KEEPALIVE_COUNT = 0.2, 3
"""As haui has it (5 s, 3 times), but faster."""
NOTICED_S = 25
"""What haui promises for a peer that says nothing; the real intervals are checked against it."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed within a second."""
    monkeypatch.setattr(login, "KEEPALIVE_S", KEEPALIVE_S)
    monkeypatch.setattr(login, "KEEPALIVE_COUNT", KEEPALIVE_COUNT)


def counting(folder: Path, *, go: str) -> TaskRequest:
    """A task that leaves a mark each time it runs, and ends when the file `go` is there."""
    text = f"echo x >>{folder}/count; echo up; until [ -e {folder}/{go} ]; do sleep 0.02; done"
    script = Script(name="s.apply", text=f"{text}; echo down; exit 4")
    return TaskRequest(id=TaskId(run="r1", step="s", attempt=1), script=script, timeout_s=60)


async def session_of(host: RemoteHost) -> int:
    """The pid of the sshd process that serves this host's connection."""
    text = (
        'pid=$$; while [ "$pid" -gt 1 ]; do '
        'if grep -qz "^sshd[^:]*: .*@notty" "/proc/$pid/cmdline"; then echo "$pid"; exit; fi; '
        'read -r _ _ _ pid _ <"/proc/$pid/stat"; done'
    )
    return int((await host.run(Script(name="session", text=text))).stdout)


async def heard(bench: Bench, kind: str) -> None:
    """Until the transport has told that."""
    async with asyncio.timeout(20):
        while kind not in [told for told, *_ in bench.events]:
            await asyncio.sleep(0.02)


def test_a_peer_that_says_nothing_is_noticed_in_time() -> None:
    """asyncssh gives up one interval after the last of its unanswered questions."""
    assert login.KEEPALIVE_S * (login.KEEPALIVE_COUNT + 1) <= NOTICED_S


@pytest.mark.usefixtures("quick")
async def test_a_frozen_session_is_left_and_may_thaw_later(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path
) -> None:
    host = bench.host(bench.target(start_sshd()), rng=lambda: 0.1)
    task, lines = counting(tmp_path, go="go"), Lines()
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    await lines.until("up")
    frozen = await session_of(host)
    os.kill(frozen, signal.SIGSTOP)
    try:
        await heard(bench, "connected")
        (tmp_path / "go").touch()
        state = await asyncio.wait_for(following, 20)
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert (state.status, state.rc) == ("done", 4)
    assert lines.all == ["up", "down"]
    assert (tmp_path / "count").read_text() == "x\n"


@pytest.mark.usefixtures("quick")
async def test_a_start_that_froze_and_thaws_does_not_start_twice(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path
) -> None:
    host = bench.host(bench.target(start_sshd()), rng=lambda: 0.1)
    task = counting(tmp_path, go="go")
    frozen = await session_of(host)
    os.kill(frozen, signal.SIGSTOP)
    try:
        state = await asyncio.wait_for(host.start(task), 20)
        assert state.status == "running"
    finally:
        # What was asked first is read now. The task itself was never sent with it: that waits for
        # the host's first word.
        os.kill(frozen, signal.SIGCONT)
    lines = Lines()
    (tmp_path / "go").touch()
    assert (await host.follow(task.id, on_lines=lines)).rc == 4
    assert lines.all == ["up", "down"]
    assert (tmp_path / "count").read_text() == "x\n"
    assert [kind for kind, *_ in bench.events] == ["lost", "connected"]


async def test_an_sshd_that_is_restarted(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path
) -> None:
    """The listener is away for a while, with the session; it comes back with the same key."""
    sshd = start_sshd()
    host = bench.host(bench.target(sshd), rng=lambda: 0.05)
    task, lines = counting(tmp_path, go="go"), Lines()
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    await lines.until("up")
    session = await session_of(host)
    sshd.stop()
    os.kill(session, signal.SIGKILL)
    await heard(bench, "lost")
    await asyncio.to_thread(sshd.start)
    (tmp_path / "go").touch()
    state = await asyncio.wait_for(following, 20)
    assert (state.rc, lines.all) == (4, ["up", "down"])
    assert [kind for kind, *_ in bench.events] == ["lost", "connected"]


async def test_a_name_that_is_unknown_for_a_while(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine's DNS is gone when it has to dial again."""
    host = bench.host(bench.target(start_sshd(), address="localhost"), rng=lambda: 0.05)
    task, lines = counting(tmp_path, go="go"), Lines()
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    await lines.until("up")
    loop, asked = asyncio.get_running_loop(), 0
    look_up = loop.getaddrinfo

    async def lost(*args: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked <= 3:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return await look_up(*args, **options)

    monkeypatch.setattr(loop, "getaddrinfo", lost)
    os.kill(await session_of(host), signal.SIGKILL)
    await heard(bench, "connected")
    (tmp_path / "go").touch()
    assert (await asyncio.wait_for(following, 20)).rc == 4
    assert asked == 4
    assert (tmp_path / "count").read_text() == "x\n"


async def test_no_time_limit_hangs_on_this_machine_s_clock(
    bench: Bench, start_sshd: StartSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours forward and back while a task is followed."""
    host = bench.host(bench.target(start_sshd()), rng=lambda: 0.05)
    task, lines = counting(tmp_path, go="go"), Lines()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    await host.start(task)
    following = asyncio.create_task(host.follow(task.id, on_lines=lines))
    await lines.until("up")
    for jump in (6 * 3600, -12 * 3600):
        now += jump
        os.kill(await session_of(host), signal.SIGKILL)
        await heard(bench, "connected")
        bench.events.clear()
        assert (await host.run(Script(name="s", text="echo here"))).stdout == "here\n"
    (tmp_path / "go").touch()
    assert (await asyncio.wait_for(following, 20)).rc == 4
