"""Every kind of fault, seen from the other end of the SSH connection."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncssh
import pytest

from haui.evidence import Facts
from haui.rehearsal.facts import TROUBLE
from haui.rehearsal.faults import Fault
from haui.step import parse_findings
from haui.transport.wire import Envelope
from tests.rehearsal.conftest import (
    MARK,
    Client,
    ManualClock,
    Starter,
    cluster,
    task_env,
)

T = TypeVar("T")

INIT = "control_plane.init"
BOX = "runtime.containerd"


def fault(text: str) -> tuple[Fault, ...]:
    return (Fault.parse(text),)


async def attempt(client: Client, step: str, number: int = 1) -> list[str]:
    """Start, follow to the end: status and exit status of the mark line."""
    await client.task("start", step, number)
    whole = await client.task("follow", step, number)
    return whole.splitlines()[-1].decode().split("\t")[1:3]


async def read_until_lost(client: Client, step: str, offset: int = 0) -> bytes:
    """What a follow sends before its connection dies; fails when it ends properly."""
    env = task_env("follow", step, HAUI_OFFSET=str(offset))
    process = await client.open(Envelope(script=b":", env=env, inputs={}))
    data = bytearray()
    try:
        while chunk := await process.stdout.read(4096):
            data += chunk
    except asyncssh.ConnectionLost:
        pass
    await client.connection.wait_closed()
    assert process.exit_status is None
    assert MARK.encode() not in data
    return bytes(data)


async def test_fail_once_fails_the_first_attempt_even_over_a_restart(rehearsal: Starter) -> None:
    asked = fault(f"cp1:{INIT}:fail-once")
    async with rehearsal(faults=asked) as it:
        client = await it.dial("cp1")
        assert await attempt(client, INIT) == ["done", "1"]
        assert b"error: " in await client.task("follow", INIT)
        probed = parse_findings(await client.part(INIT, "probe"))
        assert {finding.verdict for finding in probed} == {"differs"}
    async with rehearsal(faults=asked) as it:
        assert await attempt(await it.dial("cp1"), INIT, 2) == ["done", "0"]


async def test_fail_fails_every_attempt_and_only_where_it_was_asked_for(
    rehearsal: Starter,
) -> None:
    async with rehearsal(faults=fault(f"cp2:{BOX}:fail")) as it:
        client = await it.dial("cp2")
        assert [await attempt(client, BOX, n) for n in (1, 2, 3)] == [["done", "1"]] * 3
        assert await attempt(client, INIT) == ["done", "0"]
        assert await attempt(await it.dial("cp1"), BOX) == ["done", "0"]


async def test_a_wildcard_hits_every_host(rehearsal: Starter) -> None:
    async with rehearsal(faults=fault(f"*:{BOX}:fail")) as it:
        for host in ("cp1", "wk2"):
            assert await attempt(await it.dial(host), BOX) == ["done", "1"]


async def test_a_failing_preflight_blocks_and_a_failing_verification_differs(
    rehearsal: Starter,
) -> None:
    both = (*fault("cp1:preflight.facts:fail"), *fault("cp1:verify.nodes:fail-once"))
    async with rehearsal(faults=both) as it:
        client = await it.dial("cp1")
        told = Facts(await client.part("preflight.facts", "probe"))
        seen = parse_findings(await client.part("verify.nodes", "probe"))
        again = parse_findings(await client.part("verify.nodes", "probe"))
    assert told.complete
    assert told.one("arch") == TROUBLE["arch"]
    assert [finding.verdict for finding in seen] == ["differs"]
    assert len(again) == 5


async def test_slow_takes_ten_times_as_long(rehearsal: Starter, clock: ManualClock) -> None:
    durations = []
    for index, asked in enumerate(((), fault(f"cp1:{INIT}:slow"))):
        async with rehearsal(faults=asked, speed=1, clock=clock, folder=str(index)) as it:
            await (await it.dial("cp1")).task("start", INIT)
            durations.append(it.fleet.hosts["cp1"].state.attempts[0].duration)
    assert durations[1] == pytest.approx(10 * durations[0])
    assert 28 <= durations[0] <= 42


@pytest.mark.parametrize("speed", [0, 1])
async def test_drop_connection_cuts_the_reader_but_not_the_task(
    rehearsal: Starter, clock: ManualClock, speed: float
) -> None:
    asked = fault(f"cp1:{INIT}:drop-connection")
    async with rehearsal(faults=asked, speed=speed, clock=clock) as it:
        client = await it.dial("cp1")
        await client.task("start", INIT)
        first = await _while_time_passes(read_until_lost(client, INIT), clock)
        clock.advance(100)
        rest = await (await it.dial("cp1")).task("follow", INIT, HAUI_OFFSET=str(len(first)))
        whole = await (await it.dial("cp1")).task("follow", INIT)
    assert first
    assert first + rest == whole
    assert whole.splitlines()[-1].split(b"\t")[1:3] == [b"done", b"0"]


@pytest.mark.parametrize("speed", [0, 1])
async def test_reboot_interrupts_the_task_and_the_host_comes_back(
    rehearsal: Starter, clock: ManualClock, speed: float
) -> None:
    asked = fault(f"cp1:{INIT}:reboot")
    async with rehearsal(faults=asked, speed=speed, clock=clock) as it:
        client = await it.dial("cp1")
        await client.task("start", BOX)
        clock.advance(60)
        await client.task("start", INIT)
        first = await _while_time_passes(read_until_lost(client, INIT), clock)
        if speed:
            with pytest.raises((OSError, asyncssh.Error)):
                await it.dial("cp1")
        clock.advance(10)
        client = await it.dial("cp1")
        rows = (await client.task("states")).decode().splitlines()
        again = await _while_time_passes(attempt(client, INIT, 2), clock)
    assert [row.split("\t")[3:5] for row in rows] == [["done", "0"], ["rebooted", ""]]
    assert int(rows[1].split("\t")[5]) == len(first)
    assert again == ["done", "0"]


async def test_a_reboot_that_nobody_watched_has_happened_after_a_restart(
    rehearsal: Starter, clock: ManualClock
) -> None:
    asked = fault(f"cp1:{INIT}:reboot")
    async with rehearsal(faults=asked, speed=1, clock=clock) as it:
        await (await it.dial("cp1")).task("start", INIT)
    clock.advance(3600)
    async with rehearsal(faults=asked, speed=1, clock=clock) as it:
        rows = (await (await it.dial("cp1")).task("states")).decode()
    assert rows.split("\t")[3] == "rebooted"


async def test_unreachable_from_the_beginning(rehearsal: Starter) -> None:
    async with rehearsal(faults=fault("wk1:*:unreachable")) as it:
        with pytest.raises(ConnectionRefusedError):
            await it.dial("wk1")
        await it.dial("wk2")


async def test_unreachable_from_a_step_on(rehearsal: Starter) -> None:
    async with rehearsal(faults=fault(f"wk1:{BOX}:unreachable")) as it:
        client = await it.dial("wk1")
        await client.part("preflight.facts", "probe")
        await _lost(client, BOX)
        with pytest.raises(ConnectionRefusedError):
            await it.dial("wk1")


async def test_wrong_host_key_from_the_beginning_and_from_a_step_on(rehearsal: Starter) -> None:
    both = (*fault("wk1:*:wrong-host-key"), *fault(f"wk2:{BOX}:wrong-host-key"))
    async with rehearsal(faults=both) as it:
        with pytest.raises(asyncssh.HostKeyNotVerifiable):
            await it.dial("wk1")
        await _lost(await it.dial("wk2"), BOX)
        with pytest.raises(asyncssh.HostKeyNotVerifiable):
            await it.dial("wk2")
    async with rehearsal() as it:
        await it.dial("wk1")
        await it.dial("wk2")


async def test_noisy_output_is_hostile_and_still_exact(rehearsal: Starter) -> None:
    async with rehearsal(faults=fault(f"cp1:{INIT}:noisy")) as it:
        client = await it.dial("cp1")
        await client.task("start", INIT)
        whole = await client.task("follow", INIT)
        body = whole.rpartition(b"\n" + MARK.encode())[0]
        rest = await client.task("follow", INIT, HAUI_OFFSET="1000")
    assert b"\x1b[2J" in body
    assert max(len(line) for line in body.splitlines()) > 100_000
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert rest == whole[1000:]


async def test_a_read_only_step_can_lose_its_connection_once(rehearsal: Starter) -> None:
    async with rehearsal(cluster(1, 1), faults=fault("cp1:preflight.facts:drop-connection")) as it:
        await _lost(await it.dial("cp1"), "preflight.facts")
        client = await it.dial("cp1")
        assert Facts(await client.part("preflight.facts", "probe")).complete


async def _lost(client: Client, step: str) -> None:
    """Probe a step and see the connection die without an exit status."""
    env = {"HAUI_STEP": step, "HAUI_PART": "probe"}
    process = await client.open(Envelope(script=b":", env=env, inputs={}))
    await client.connection.wait_closed()
    assert process.exit_status is None


async def _while_time_passes(work: Coroutine[Any, Any, T], clock: ManualClock) -> T:
    doing = asyncio.ensure_future(work)
    while not doing.done():
        clock.advance(0.25)
        await asyncio.sleep(0)
    return await doing
