"""A fleet in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.errors import ConnectError
from haui.rehearsal.faults import Fault
from haui.rehearsal.process import FleetProcess
from tests.rehearsal.conftest import STEPS, cluster, dial

INIT = "control_plane.init"


async def test_it_forgets_nothing_when_it_is_killed(tmp_path: Path) -> None:
    faults = [Fault.parse(f"cp1:{INIT}:fail-once")]
    first = FleetProcess(cluster(), state_dir=tmp_path, speed=0, steps=STEPS, faults=faults)
    client = await dial(await first.start(), "cp1")
    assert await client.task("states") == b""
    await client.task("start", INIT, 1)
    await first.kill()
    await client.connection.wait_closed()

    second = FleetProcess(cluster(), state_dir=tmp_path, speed=0, steps=STEPS, faults=faults)
    client = await dial(await second.start(), "cp1")
    found = await client.task("states")
    again = await client.task("start", INIT, 2)
    await second.stop()
    await client.connection.wait_closed()
    assert found.split(b"\t")[1:5] == [INIT.encode(), b"1", b"done", b"1"]
    assert again.split(b"\t")[1:3] == [b"done", b"0"]


async def test_one_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "hosts" / "cp1").mkdir(parents=True)
    (tmp_path / "hosts" / "cp1" / "state.json").write_text("[]")
    with pytest.raises(ConnectError, match="exit status 2"):
        await FleetProcess(cluster(), state_dir=tmp_path).start()
