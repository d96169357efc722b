"""`make sweep`: a real SIGKILL at every event of an install, with a count at the end.

Ends with 1 when a kill led to anything but the promised cluster; says how to repeat that one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.sweep.ground import Zygote
from tests.sweep.kill import Killed, Moment, Whole, kill, undisturbed
from tests.unit.kill_worlds import combinations

DEFAULT = "stacked, keepalived-haproxy"
JOBS = 2 * (os.cpu_count() or 1)
SPEED = 20.0
REPORT_S = 10.0


@dataclass
class Progress:
    """How far a sweep of one combination is."""

    total: int
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0
    done: int = 0
    rejoined: int = 0
    wrong: int = 0

    def count(self, killed: Killed) -> None:
        self.done += 1
        self.rejoined += killed.rejoined
        self.wrong += bool(killed.wrong)
        for each in killed.wrong:
            say(f"  killed at event {killed.moment}: {each}")
        if time.monotonic() - self.told > REPORT_S:
            self.told = time.monotonic()
            say(f"  {self}")

    def __str__(self) -> str:
        seconds = time.monotonic() - self.began
        left = seconds / max(self.done, 1) * (self.total - self.done)
        return (
            f"{self.done} of {self.total} kills, {self.rejoined} running changes joined again, "
            f"{self.wrong} wrong, {seconds:.0f} s, about {left:.0f} s left"
        )


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def sweep(name: str, asked: argparse.Namespace) -> Progress:
    """Kill at every event of that combination, or at those that were asked for."""
    spec = combinations()[name]
    async with Zygote() as zygote:
        whole = await undisturbed(zygote, spec)
    moments = list(wanted(whole, asked))
    say(f"{name}: {whole.events} events, {len(moments)} kills")
    progress = Progress(len(moments))
    ahead: Iterator[Moment] = iter(moments)

    async def work() -> None:
        async with Zygote() as zygote:
            for moment in ahead:
                progress.count(await kill(zygote, spec, moment, whole, speed=asked.speed))

    await asyncio.gather(*(work() for _ in range(asked.jobs)))
    say(f"{name}: {progress}")
    return progress


def wanted(whole: Whole, asked: argparse.Namespace) -> Iterable[Moment]:
    """Each event, before and after it is on record."""
    last = min(asked.last or whole.events, whole.events)
    for number in range(asked.first, last + 1, asked.every):
        yield Moment(number, kept=False)
        yield Moment(number, kept=True)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__)
    parser.add_argument("combination", nargs="*", default=[DEFAULT], help="by default: %(default)s")
    parser.add_argument("--all", action="store_true", help="every topology with every endpoint")
    parser.add_argument("--list", action="store_true", help="the names of all combinations")
    parser.add_argument("--first", type=int, default=1, metavar="EVENT")
    parser.add_argument("--last", type=int, default=0, metavar="EVENT")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth event")
    parser.add_argument("--jobs", type=int, default=JOBS, help="kills at once (%(default)s)")
    parser.add_argument("--speed", type=float, default=SPEED, help="of the hosts (%(default)s)")
    asked = parser.parse_args(given)
    if unknown := [name for name in asked.combination if name not in combinations()]:
        parser.error(f"no combination: {', '.join(unknown)}; --list shows them")
    return asked


def main(given: Sequence[str]) -> int:
    """The exit code."""
    asked = arguments(given)
    if asked.list:
        say("\n".join(combinations()))
        return 0
    names = list(combinations()) if asked.all else asked.combination
    swept = [asyncio.run(sweep(name, asked)) for name in names]
    kills, wrong = sum(each.done for each in swept), sum(each.wrong for each in swept)
    say(f"in all: {len(names)} combinations, {kills} kills, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
