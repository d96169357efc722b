"""The lab as fixtures. One cluster for reading tests, another one for the test that kills haui."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.canary import Canaries
from tests.lab.lab import Lab
from tests.lab.runs import HauiRun


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder of its own."""
    return tmp_path / "state"


class Installed:
    """A lab with a cluster on it, and what was seen while it was installed."""

    def __init__(self, lab: Lab, state: Path, run: HauiRun, canaries: Canaries) -> None:
        self.lab = lab
        self.state = state
        self.run = run
        self.canaries = canaries


@pytest.fixture(scope="session")
def installed() -> Iterator[Installed]:
    """Five fresh hosts, `haui apply lab.yaml --yes`, and a watch on every process's arguments."""
    with tempfile.TemporaryDirectory(prefix="haui-lab-test-") as folder:
        state = Path(folder) / "state"
        with Lab.up(control_planes=3, workers=2, say=print) as lab, Canaries(lab) as canaries:
            run = HauiRun(lab, "apply", str(lab.dir / "lab.yaml"), "--yes", *KEYS, state=state)
            code = run.finish()
            assert code == 0, run.talk()
            yield Installed(lab, state, run, canaries)


KEYS = ("--accept-new-host-keys",)
