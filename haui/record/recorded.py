"""Hosts that are not there: they say again what was saved of them, and can't be changed."""

from __future__ import annotations

from typing import NoReturn

from haui.errors import ConnectError, HauiError, StepError
from haui.evidence import facts_text
from haui.host import Completed, LineSink, Script, TaskId, TaskRequest, TaskState
from haui.record.readings import Missed, Saved

_PART = ".probe"


class RecordedHost:
    """One of them; implements `haui.host.Host`."""

    def __init__(self, name: str, saved: Saved) -> None:
        self._name = name
        self._saved = saved
        self._missed = saved.missed.get(name, {})

    @property
    def name(self) -> str:
        return self._name

    async def connect(self) -> str:
        if self._name not in self._saved.hosts:
            raise ConnectError(
                f"the facts say nothing about {self._name}",
                fix="save them again, now that this host is in the cluster file",
                host=self._name,
            )
        never = not any(self._name in said for said in self._saved.evidence.readings.values())
        lost = next((missed for missed in self._missed.values() if missed.lost), None)
        if never and lost is not None:
            raise _error(lost, self._name)
        return ""

    async def run(self, script: Script, *, timeout_s: float = 60) -> Completed:
        """What was read in that step. Of one that was left out everywhere, no facts."""
        step = script.name.removesuffix(_PART)
        if step in self._missed:
            raise _error(self._missed[step], self._name)
        reading = self._saved.evidence.reading(step, self._name)
        if reading is None and not self._saved.evidence.of(step):
            return Completed(status=0, stdout=facts_text(()), stderr="")
        if reading is None:
            raise StepError(f"the facts hold no answer of {self._name} in {step}", host=self._name)
        return Completed(
            status=reading.status,
            stdout=reading.text,
            stderr=reading.stderr,
            asked=reading.asked,
            answered=reading.answered,
            noise=reading.noise,
        )

    async def start(self, request: TaskRequest) -> TaskState:
        self._refuse()

    async def follow(self, task: TaskId, *, offset: int = 0, on_lines: LineSink) -> TaskState:
        self._refuse()

    async def tasks(self, run: str) -> tuple[TaskState, ...]:
        return ()

    async def cancel(self, task: TaskId) -> TaskState:
        self._refuse()

    async def read(self, path: str, *, limit: int = 1 << 20) -> bytes:
        self._refuse()

    async def close(self) -> None:
        pass

    def _refuse(self) -> NoReturn:
        raise StepError("this host is a recording, which can't be changed", host=self._name)


class RecordedFleet:
    """All of them, as a session wants its hosts."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved
        self._hosts: dict[str, RecordedHost] = {}

    def host(self, name: str) -> RecordedHost:
        if name not in self._hosts:
            self._hosts[name] = RecordedHost(name, self._saved)
        return self._hosts[name]

    async def close(self) -> None:
        pass


def _error(missed: Missed, host: str) -> HauiError:
    kind = ConnectError if missed.lost else StepError
    return kind(missed.what, why=missed.why, fix=missed.fix, host=host)
