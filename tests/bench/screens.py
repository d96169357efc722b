"""How responsive the run's page stays: `python -m tests.bench.screens`.

A hundred hosts print twenty lines a second each, and change their state now and then, through the
subscribers of a live run. Measured are the lag of the event loop, the CPU, the memory, whether
every change of state is seen, and what a picture costs after few and after many lines. With
`--paint`: how long `haui` takes to its first picture in a terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pty
import select
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from haui.app import HauiApp
from screens.execute import ExecuteScreen
from screens.widgets.hostview import HostView
from tests.screens.fake_live import LINES, FakeLive, fleet
from tests.screens.worlds import make_app, make_world

SIZE = (160, 50)


class LagMeter:
    """How much later than asked for the event loop comes round."""

    PERIOD_S = 0.01

    def __init__(self) -> None:
        self.lags: list[float] = []
        self._task = asyncio.create_task(self._measure())

    async def _measure(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(self.PERIOD_S)
            self.lags.append((time.perf_counter() - before - self.PERIOD_S) * 1000)

    def stop(self) -> str:
        """p50, p95 and max in milliseconds."""
        self._task.cancel()
        ordered = sorted(self.lags)
        p95 = ordered[int(len(ordered) * 0.95)]
        return (
            f"p50 {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms, max {ordered[-1]:.1f} ms"
        )


def rss_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Feeder:
    """Lines and changes of state, as fast as asked for; it does not wait for the page."""

    def __init__(self, live: FakeLive, rate: int) -> None:
        self.live = live
        self.rate = rate
        self.lines = 0
        self.changes = 0
        self._hosts = [host.name for host in live.spec.hosts]
        self._running: dict[str, int] = {}
        live.begin()
        for host in self._hosts:
            self._next(host)

    def _next(self, host: str) -> None:
        """The host's next task begins; after the last one it begins again."""
        tasks = self.live.tasks_of(host)
        before = self._running.get(host)
        if before is not None:
            self.live.end_task(tasks[before])
        following = 0 if before is None else (before + 1) % len(tasks)
        self._running[host] = following
        self.live.run_task(tasks[following])
        self.changes += 1 if before is None else 2

    def round(self, number: int) -> None:
        """A tenth of a second: the lines of each host in two pieces, every tenth host moves on."""
        count = max(1, self.rate // 10)
        for index, host in enumerate(self._hosts):
            task = self.live.tasks_of(host)[self._running[host]]
            lines = [LINES[(number + each) % len(LINES)] for each in range(count)]
            self.live.say(task, *lines)
            self.lines += count
            if (index + number) % 40 == 0:
                self._next(host)

    async def run(self, seconds: float) -> None:
        """Feed for so long."""
        start = time.perf_counter()
        number = 0
        while (left := start + seconds - time.perf_counter()) > 0:
            self.round(number)
            number += 1
            await asyncio.sleep(min(left, max(0.0, start + number / 10 - time.perf_counter())))


def wrong_views(page: ExecuteScreen, live: FakeLive) -> int:
    """How many hosts are not shown as they are."""
    wrong = 0
    for host in live.spec.hosts:
        view: HostView = page.views[host.name]
        progress = live.progress(host.name)
        same = (view.status, view.done, view.step) == (
            progress.status, progress.done, progress.step_title,
        )  # fmt: skip
        wrong += not same or page.pane.views[host.name].done != progress.done
    return wrong


async def picture_cost(page: ExecuteScreen, live: FakeLive, rounds: int = 60) -> float:
    """Milliseconds of CPU of one picture with one new line of the shown host: the median."""
    task = live.tasks_of(page.selected)[0]
    costs = []
    for number in range(rounds):
        live.say(task, LINES[number % len(LINES)])
        before = time.process_time()
        page._beat()
        await asyncio.sleep(0)
        page._on_timer_update()
        await asyncio.sleep(0)
        costs.append((time.process_time() - before) * 1000)
        await asyncio.sleep(0.02)
    return statistics.median(costs)


def fill(page: ExecuteScreen, live: FakeLive, lines: int) -> None:
    """So many lines of the shown host."""
    task = live.tasks_of(page.selected)[0]
    for start in range(0, lines, 100):
        live.say(task, *[f"line {number} of many" for number in range(start, start + 100)])


async def responsiveness(hosts: int, rate: int, seconds: float) -> None:
    """The whole measurement, printed."""
    folder = Path(tempfile.mkdtemp(prefix="haui-bench-"))
    world = make_world(folder)
    live = FakeLive(fleet(hosts), folder / "runs")
    live.at = world.now()
    world.live, world.now = live, lambda: live.at
    feeder = Feeder(live, rate)
    app = make_app(world, "execute")
    try:
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause()
            page = app.screen
            assert isinstance(page, ExecuteScreen)
            await _steady(live, page, feeder, seconds)
            page.live.controls.pause()
            few = await _after(page, live, 10_000)
            many = await _after(page, live, 490_000)
            print(f"a picture with a new line: {few:.2f} ms after 10,000 lines,"
                  f" {many:.2f} ms after 500,000, ratio {many / few:.2f}")  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _raise_crash(app)


async def _after(page: ExecuteScreen, live: FakeLive, lines: int) -> float:
    fill(page, live, lines)
    page._beat()
    await asyncio.sleep(0.2)
    return await picture_cost(page, live)


async def _steady(live: FakeLive, page: ExecuteScreen, feeder: Feeder, seconds: float) -> None:
    meter, start_rss = LagMeter(), rss_mib()
    clock = asyncio.create_task(_clock(live))
    cpu, wall = time.process_time(), time.perf_counter()
    await feeder.run(seconds / 2)
    middle_rss = rss_mib()
    await feeder.run(seconds / 2)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    lag = meter.stop()
    clock.cancel()
    await asyncio.sleep(0.7)
    page._beat()
    print(f"{len(live.spec.hosts)} hosts, {feeder.lines} lines in {wall:.1f} s"
          f" ({feeder.lines / wall:.0f} a second), {SIZE[0]}x{SIZE[1]}")  # fmt: skip
    print(f"event loop lag: {lag}")
    print(f"CPU: {cpu / wall:.2f} s in a second (with what feeds the lines)")
    print(f"memory: {start_rss:.0f} MiB at the start, {middle_rss:.0f} in the middle,"
          f" {rss_mib():.0f} at the end")  # fmt: skip
    print(f"changes of state: {feeder.changes} sent; {wrong_views(page, live)} hosts are not shown"
          f" as they are; {live.logs.total(page.selected)} lines of the shown host,"
          f" {page.log_view.line_count} taken")  # fmt: skip


async def _clock(live: FakeLive) -> None:
    while True:
        await asyncio.sleep(0.1)
        live.wait_s(0.1)


def _raise_crash(app: HauiApp) -> None:
    if app.crash is not None:
        raise app.crash


def first_paint(command: Sequence[str], runs: int = 5) -> None:
    """Time from the start to the first picture, which ends with a synchronized update."""
    times = [_paint(command) for _ in range(runs)]
    print(f"first picture of {' '.join(command)}: median {statistics.median(times):.2f} s,"
          f" least {min(times):.2f}, most {max(times):.2f}")  # fmt: skip


def _paint(command: Sequence[str]) -> float:
    """Seconds until the name of the program stands on a full screen."""
    folder = tempfile.mkdtemp(prefix="haui-paint-")
    environ = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HAUI_STATE_DIR": folder}
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], list(command), environ)
    try:
        return _until_painted(terminal, start)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)
        shutil.rmtree(folder, ignore_errors=True)


def _until_painted(terminal: int, start: float) -> float:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""
    while time.perf_counter() - start < 20:
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if not ready:
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
        if b"\x1b[?1049h" in seen and b"haui" in seen.partition(b"\x1b[?1049h")[2]:
            return time.perf_counter() - start
    raise SystemExit(f"nothing was painted: {seen[-300:]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--rate", type=int, default=20, help="lines a second of each host")
    parser.add_argument("--paint", action="store_true", help="only the time to the first picture")
    options = parser.parse_args()
    if options.paint:
        first_paint([str(Path(sys.executable).with_name("haui"))])
        return
    asyncio.run(responsiveness(options.hosts, options.rate, options.seconds))


if __name__ == "__main__":
    main()
