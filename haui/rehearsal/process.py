"""A simulated fleet in a process of its own, so that its work is not counted as the client's.

    python -m haui.rehearsal.process DIR

runs the fleet that DIR/fleet.json describes until its standard input ends or it is told to stop,
and prints one line when every host is up: the spec with where and how to reach them, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from haui.errors import ConnectError, HauiError
from haui.rehearsal.cluster import SimulatedStep, announce
from haui.rehearsal.faults import Fault
from haui.rehearsal.fleet import SimulatedFleet
from haui.rehearsal.server import write_whole
from haui.spec import ClusterSpec
from haui.step import Step

DESCRIPTION = "fleet.json"
LINE_LIMIT = 1 << 20


class FleetProcess:
    """Starts and stops a fleet process; it ends by itself when this process does."""

    def __init__(
        self,
        spec: ClusterSpec,
        *,
        state_dir: Path,
        speed: float = 1.0,
        faults: Sequence[Fault] = (),
        seed: int = 0,
        steps: Iterable[Step | SimulatedStep] = (),
    ) -> None:
        self._dir = state_dir
        self._description = {
            "spec": spec.model_dump(mode="json"),
            "speed": speed,
            "faults": [str(fault) for fault in faults],
            "seed": seed,
            "steps": [asdict(step) for step in announce(steps, spec)],
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> ClusterSpec:
        """Like `SimulatedFleet.start`. Raises ConnectError when the process does not come up."""
        describe(self._dir, self._description)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "haui.rehearsal.process", str(self._dir),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
            start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            status = await self._process.wait()
            raise ConnectError(f"the simulated fleet did not start (exit status {status})")
        return ClusterSpec.model_validate_json(line)

    async def stop(self) -> None:
        """End the process; the hosts' state stays in its folder."""
        if self._process is not None and self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def describe(folder: Path, description: dict[str, object]) -> None:
    """Write what the fleet process has to know."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(folder / DESCRIPTION, json.dumps(description).encode())


def described(folder: Path) -> SimulatedFleet:
    """The fleet that the folder describes. Raises UsageError for faults that are none."""
    told = json.loads((folder / DESCRIPTION).read_bytes())
    return SimulatedFleet(
        ClusterSpec.model_validate(told["spec"]),
        state_dir=folder,
        speed=told["speed"],
        faults=[Fault.parse(text) for text in told["faults"]],
        seed=told["seed"],
        steps=[SimulatedStep(**step) for step in told["steps"]],
    )


async def serve(fleet: SimulatedFleet) -> None:
    """Run the fleet until standard input ends or a signal says stop."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), over.set)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, over.set)
    try:
        spec = await fleet.start()
        sys.stdout.write(spec.model_dump_json() + "\n")
        sys.stdout.flush()
        await over.wait()
    finally:
        await fleet.stop()


def main(arguments: Sequence[str]) -> int:
    """The command; its exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m haui.rehearsal.process DIR\n")
        return 2
    try:
        asyncio.run(serve(described(Path(arguments[0]))))
    except HauiError as error:
        sys.stderr.write(error.render() + "\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
