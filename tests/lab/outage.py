"""How long the API was away: two clients ask without a pause, and their longest gap is measured."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.lab.lab import Lab
from tests.lab.paths import SCRIPTS

SETTLED = 20
"""So many answers in a row mean that it is over."""


@dataclass(frozen=True)
class Try:
    """One request: when it was asked (seconds since the epoch), how long it took, what came."""

    kind: str
    asked: float
    took: float
    said: str

    @property
    def good(self) -> bool:
        return self.said == "ok"

    @property
    def answered(self) -> float:
        return self.asked + self.took


class Clients:
    """A reader and a writer on the bastion, from `__enter__` to `__exit__`."""

    def __init__(self, lab: Lab, admin_conf: Path, address: str, port: int) -> None:
        self.tries: list[Try] = []
        self._process = lab.popen_bastion(
            [sys.executable, str(SCRIPTS / "ask.py"), str(admin_conf), address, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Clients:
        self._thread.start()
        self.settle(time.time(), 60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._thread.join(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, asked, took, said = line.decode().split()
            self.tries.append(Try(kind, float(asked), float(took), said))

    def settle(self, since: float, patience_s: float) -> bool:
        """Until both have had enough good answers in a row to what they asked after `since`."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if all(self._good_at_end(kind, since) >= SETTLED for kind in ("read", "write")):
                return True
            time.sleep(0.2)
        return False

    def _good_at_end(self, kind: str, since: float) -> int:
        count = 0
        for one in reversed([t for t in self.tries if t.kind == kind and t.asked >= since]):
            if not one.good:
                break
            count += 1
        return count

    def gap_ms(self, kind: str, since: float) -> float:
        """The longest time between two good answers since then, less what is usual."""
        good = [t.answered for t in self.tries if t.kind == kind and t.good]
        before = [at for at in good if at <= since][-1:]
        times = [*(before or [since]), *(at for at in good if at > since)]
        gaps = [after - first for first, after in itertools.pairwise(times)]
        return max(gaps, default=0.0) * 1000
