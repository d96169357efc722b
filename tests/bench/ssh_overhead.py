"""What our way of running scripts costs above bare asyncssh.

30 small scripts, one after another, on each of 50 hosts at once: through RemoteHost.run, and as
bare asyncssh exec of the same scripts (`sh -c SCRIPT`), in one process over open connections, in
turns. Client and hosts share this machine's cores, so that the wall ratio is mostly the hosts'.
Run as `python -m tests.bench.ssh_overhead [HOSTS [SCRIPTS [ROUNDS]]]`.
"""

from __future__ import annotations

import asyncio
import shlex
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import asyncssh

from haui.host import Script
from haui.transport.remote import RemoteHost
from tests.bench.loopback import fleet, hosts_of
from tests.ssh.sshd import Sshd

TEXT = "set -eu\nn={}\nhostname >/dev/null\necho task $n of $(id -un)\n"


async def ours(host: RemoteHost, scripts: int) -> None:
    for number in range(scripts):
        done = await host.run(Script(name="bench", text=TEXT.format(number)))
        assert done.stdout.startswith(f"task {number} "), done


async def bare(connection: asyncssh.SSHClientConnection, scripts: int) -> None:
    for number in range(scripts):
        command = f"sh -c {shlex.quote(TEXT.format(number))}"
        done = await connection.run(command, encoding=None)
        assert isinstance(done.stdout, bytes)
        assert done.exit_status == 0
        assert done.stdout.startswith(b"task %d " % number), done


async def timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Wall and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


async def connect_bare(sshd: Sshd, key: asyncssh.SSHKey) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        "127.0.0.1",
        sshd.port,
        username=sshd.user,
        client_keys=[key],
        known_hosts=None,
        config=None,
        agent_path=None,
    )


async def measure(sshds: list[Sshd], scripts: int, rounds: int) -> None:
    pool, hosts = hosts_of(sshds)
    key = asyncssh.read_private_key(sshds[0].client_key)
    await asyncio.gather(*(host.connect() for host in hosts))
    connections = [await connect_bare(sshd, key) for sshd in sshds]
    results: dict[str, list[tuple[float, float]]] = {"bare asyncssh": [], "RemoteHost.run": []}
    for _ in range(rounds):
        results["bare asyncssh"].append(
            await timed(lambda: asyncio.gather(*(bare(c, scripts) for c in connections)))
        )
        results["RemoteHost.run"].append(
            await timed(lambda: asyncio.gather(*(ours(h, scripts) for h in hosts)))
        )
    count = len(sshds) * scripts
    base = [statistics.median(column) for column in zip(*results["bare asyncssh"], strict=True)]
    print(f"{scripts} scripts on each of {len(sshds)} hosts, median of {rounds} rounds")
    for name, rows in results.items():
        wall, cpu = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"{name:16} {wall:6.2f} s wall ({wall / base[0]:.2f}x)  "
            f"{cpu / count * 1000:5.2f} ms client CPU a script ({cpu / base[1]:.2f}x)"
        )
    for connection in connections:
        connection.close()
    await asyncio.gather(*(host.close() for host in hosts))
    await pool.close()


def main() -> None:
    given = [int(value) for value in sys.argv[1:]]
    hosts, scripts, rounds = given + [50, 30, 3][len(given) :]
    with fleet(hosts) as sshds:
        asyncio.run(measure(sshds, scripts, rounds))


if __name__ == "__main__":
    main()
