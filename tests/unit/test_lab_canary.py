"""The lab's watch over processes sees a planted secret in arguments and environments, also of a
process that it has seen before."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.lab.canary import Canaries
from tests.lab.lab import Lab

NUMBER = f"{os.getpid():08x}"  # others may run this test at the same time
SECRET = f"canary-sudo-{NUMBER}"
BEGIN = 'echo ready; read -r _; exec env "$@"'


@pytest.fixture
def canaries() -> Canaries:
    secrets = {"HAUI_SUDO_PASSWORD": SECRET, "HAUI_REGISTRY_PASSWORD": "canary-registry-1"}
    return Canaries(cast(Lab, SimpleNamespace(secrets=secrets)))


class Program:
    """A shell that becomes another program when it is told to."""

    def __init__(self, becomes: list[str], env: Mapping[str, str]) -> None:
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            ["/bin/sh", "-c", BEGIN, "sh", *becomes],
            env={"PATH": "/usr/bin:/bin", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.says("ready")

    def says(self, text: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().decode().strip() == text

    def goes_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.says("became")


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    begun: list[Program] = []
    yield begun
    for each in begun:
        each.process.kill()
        each.process.communicate()


def begin(programs: list[Program], *becomes: str, **env: str) -> Program:
    programs.append(Program(list(becomes), env))
    return programs[-1]


def test_a_secret_in_the_environment_is_seen(canaries: Canaries, programs: list[Any]) -> None:
    canaries.sample(whole=False)
    begin(programs, "true", OTHER=SECRET)
    canaries.sample(whole=False)
    assert [leak.split(" of ")[0] for leak in canaries.leaks] == [
        "HAUI_SUDO_PASSWORD in the environment"
    ]


def test_it_is_seen_in_a_program_that_a_known_process_becomes(
    canaries: Canaries, programs: list[Any]
) -> None:
    other = begin(programs, "-i", "/bin/sh", "-c", f"O=$(printf canary-sudo-%s {NUMBER}); export O;"
                  " exec /bin/sh -c 'echo became; read -r _'")  # fmt: skip
    canaries.sample(whole=False)
    assert canaries.leaks == []
    other.goes_on()
    canaries.sample(whole=False)
    assert [leak.split(" of ")[0] for leak in canaries.leaks] == [
        "HAUI_SUDO_PASSWORD in the environment"
    ]


def test_a_secret_in_the_arguments_is_seen(canaries: Canaries, programs: list[Any]) -> None:
    begin(programs, SECRET)
    canaries.sample(whole=False)
    assert [leak.split(" of ")[0] for leak in canaries.leaks] == [
        "HAUI_SUDO_PASSWORD in the arguments"
    ]


def test_every_so_often_all_are_read_again(canaries: Canaries, programs: list[Any]) -> None:
    begin(programs, "true", OTHER=SECRET)
    canaries.sample(whole=True)
    canaries.sample(whole=False)
    assert len(canaries.leaks) == 1
    canaries.sample(whole=True)
    assert len(canaries.leaks) == 2
