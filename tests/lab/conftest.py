"""The lab as fixtures: one cluster that many tests look at."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.lab import killing
from tests.lab.before import prepared
from tests.lab.canary import Canaries
from tests.lab.compare import Picture
from tests.lab.killing import Killed
from tests.lab.lab import Lab


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder of its own."""
    return tmp_path / "state"


class Installed:
    """A lab with a cluster on it, and what was seen while it was installed; `before` is what the
    hosts were like."""

    def __init__(
        self,
        lab: Lab,
        state: Path,
        killed: Killed,
        canaries: Canaries,
        before: Mapping[str, Picture],
    ) -> None:
        self.before = before
        self.lab = lab
        self.state = state
        self.killed = killed
        self.run = killed.run
        self.canaries = canaries


@pytest.fixture(scope="session")
def installed() -> Iterator[Installed]:
    """Five fresh hosts, an install that is killed again and again and resumed, and a watch on every
    process's arguments."""
    with tempfile.TemporaryDirectory(prefix="haui-lab-test-") as folder:
        state = Path(folder) / "state"
        with Lab.up(control_planes=3, workers=2, say=print) as lab, Canaries(lab) as canaries:
            before = prepared(lab)
            begun = time.monotonic()
            killed = killing.install(lab, state, *KEYS)
            print(f"\ninstall with {len(killed.kills)} kills: {time.monotonic() - begun:.0f} s")
            yield Installed(lab, state, killed, canaries, before)


KEYS = ("--accept-new-host-keys",)
