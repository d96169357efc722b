"""How long the event loop is held up while many hosts connect and log in.

A ticker wants to run every 10 ms; its lateness is what a screen would feel. Where there are several
cores, the client has one of them for itself, since the hosts are other machines in real life; what
else runs on this machine still counts, so that the CPU time between two ticks is printed too.
Run as `python -m tests.bench.connect_lag [HOSTS [KEY_KIND]]`; KEY_KIND rsa shows that keys are
loaded once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import time

from tests.bench.loopback import fleet, hosts_of
from tests.ssh.sshd import Sshd

TICK_S = 0.01


async def tick(late: list[float], busy: list[float]) -> None:
    """Notes, in ms, how late each tick was and how much CPU this thread used since the last."""
    while True:
        due, used = time.perf_counter() + TICK_S, time.thread_time()
        await asyncio.sleep(TICK_S)
        late.append(max(0.0, time.perf_counter() - due) * 1000)
        busy.append((time.thread_time() - used) * 1000)


async def measure(sshds: list[Sshd]) -> None:
    pool, hosts = hosts_of(sshds)
    gc.collect()
    gc.freeze()
    late: list[float] = []
    busy: list[float] = []
    ticker = asyncio.create_task(tick(late, busy))
    await asyncio.sleep(0.2)
    late.clear()
    busy.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(host.connect() for host in hosts))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    ticker.cancel()
    p95 = statistics.quantiles(late, n=20)[-1]
    print(
        f"{len(hosts)} hosts connected in {wall:.2f} s, {cpu / len(hosts) * 1000:.1f} ms CPU each"
    )
    print(f"loop lag p95 {p95:.1f} ms, max {max(late):.1f} ms (goal: max 50)")
    print(f"longest own work between two ticks: {max(busy):.1f} ms of CPU")
    await asyncio.gather(*(host.close() for host in hosts))
    await pool.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    kind = sys.argv[2] if len(sys.argv) > 2 else "ed25519"
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:])  # inherited by the hosts
    with fleet(count, kind) as sshds:
        os.sched_setaffinity(0, cores[:1])
        asyncio.run(measure(sshds))


if __name__ == "__main__":
    main()
