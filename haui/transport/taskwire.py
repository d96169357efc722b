"""The task dialogue of haui.transport.wire in bytes: requests built, answers read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from haui import agent
from haui.errors import StepError
from haui.execution.remedy import remedy
from haui.host import Completed, Script, TaskId, TaskRequest, TaskState
from haui.secret import Secret
from haui.transport.wire import BASE_ENV, TASK_SCRIPT, env_lines, parse_state, parse_states

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_SECRET_INPUT_LIMIT = 4096
_ANSWER_LIMIT = 1024
"""Bytes of the line behind the mark that are kept; the longest that a host of ours says has 40."""


def task_script(
    verb: str,
    run: str,
    task: TaskId | None = None,
    *,
    env: Mapping[str, str] | None = None,
    inputs: Mapping[str, bytes] | None = None,
) -> Script:
    """The script of one verb. Raises StepError for names that can't be paths."""
    values = {"HAUI_VERB": verb, "HAUI_RUN": plain(run), **(env or {})}
    if task is not None:
        values["HAUI_STEP"] = plain(task.step)
        values["HAUI_ATTEMPT"] = str(task.attempt)
    return Script(name=TASK_SCRIPT, text=agent.load("task.sh"), env=values, inputs=inputs or {})


def start_script(request: TaskRequest) -> Script:
    """The script that starts a task. Raises StepError for what can't travel."""
    script = request.script
    try:
        env = env_lines({**BASE_ENV, **script.env, "HAUI_SCRIPT": script.name})
    except ValueError as error:
        raise _defect(script.name, str(error)) from error
    inputs = {
        "script": script.text.encode(),
        "env": env,
        "runner": (agent.load("lib.sh") + agent.load("runner.sh")).encode(),
        "manifest": _manifest(request),
    }
    inputs |= {f"files/{index}": file.content for index, file in enumerate(request.files)}
    inputs |= {f"inputs/{_input(name)}": data for name, data in script.inputs.items()}
    limits = {"HAUI_TIMEOUT": str(request.timeout_s)}
    return task_script("start", request.id.run, request.id, env=limits, inputs=inputs)


def secrets_of(request: TaskRequest) -> tuple[Secret, ...]:
    """The inputs that are one short line: passwords and tokens, to be masked in the output."""
    texts = (
        data.decode(errors="replace").strip()
        for data in request.script.inputs.values()
        if len(data) <= _SECRET_INPUT_LIMIT
    )
    return tuple(Secret(text) for text in texts if text and "\n" not in text)


def read_state(task: TaskId, done: Completed, *, host: str) -> TaskState:
    """The answer of start or cancel. Raises StepError when the host gave none."""
    if done.status == 0:
        for line in done.stdout.split("\n"):
            if line.startswith("state\t"):
                return _parse(task, line, host)
    raise agent_failure(done, host)


def agent_failure(done: Completed, host: str) -> StepError:
    """The error for a dialogue that the host could not lead: its disk is full, read-only, …"""
    why = "\n".join(done.stderr.strip().split("\n")[-6:])
    return StepError(
        "the host can't keep track of its tasks",
        why=why or f"status {done.status}",
        fix=remedy(why.splitlines(), host)
        or "/var/lib/haui and /run/haui have to be writable: see to that, then run haui resume",
        host=host,
    )


class MarkFinder:
    """Tells a task's output from the answer that follows it.

    Bytes that may be the beginning of the answer are held back. The newline that ends a line is
    passed on at once, so that a line is seen when it was printed; should it turn out to be the one
    in front of the mark, then it only ended the output's last line.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode() + b"\t"
        self._held = b""
        self._line_start = True
        self._found = False

    def feed(self, data: bytes) -> bytes:
        """The output in `data`, as far as it is known to be output."""
        if self._found:
            self._held = (self._held + data)[: _ANSWER_LIMIT + 1]
            return b""
        self._held += data
        if self._line_start and self._held.startswith(self._mark):
            return self._split(0, len(self._mark))
        at = self._held.find(b"\n" + self._mark)
        if at >= 0:
            return self._split(at, at + 1 + len(self._mark))
        output, self._held = self._held[: self._safe()], self._held[self._safe() :]
        if output:
            self._line_start = output.endswith(b"\n")
        return output

    def _split(self, end: int, answer: int) -> bytes:
        self._found = True
        output, self._held = self._held[:end], self._held[answer : answer + _ANSWER_LIMIT + 1]
        return output

    def _safe(self) -> int:
        """How many of the held bytes can't be the beginning of the answer."""
        held = self._held
        if self._line_start and self._mark.startswith(held):
            return 0
        last = held.rfind(b"\n", -len(self._mark) - 1)
        if last < 0 or not self._mark.startswith(held[last + 1 :]):
            return len(held)
        in_line = held[last - 1] != ord("\n") if last > 0 else not self._line_start
        return last + 1 if in_line and last + 1 == len(held) else last

    def state(self, task: TaskId, *, host: str) -> TaskState | None:
        """What the host said after the output; None when it did not."""
        if not self._found:
            return None
        return _parse(task, "mark\t" + self._held.decode(errors="replace"), host)


def plain(name: str) -> str:
    """`name` when it may be part of a path and of a unit's name. Raises StepError."""
    if not _PLAIN.fullmatch(name):
        raise _defect(name, "not a plain name (letters, digits, . _ -)")
    return name


def _input(name: str) -> str:
    return "/".join(plain(part) for part in name.split("/"))


def _manifest(request: TaskRequest) -> bytes:
    for file in request.files:
        if not file.path.startswith("/") or any(ord(char) < 32 for char in file.path):
            raise _defect(request.script.name, f"not an absolute path: {file.path!r}")
    return "".join(
        f"{index}\t{file.mode:o}\t{file.path}\t{file.family}\n"
        for index, file in enumerate(request.files)
    ).encode()


def read_states(run: str, done: Completed, *, host: str) -> tuple[TaskState, ...]:
    """The answer of states. Raises StepError when the host gave none that makes sense."""
    if done.status != 0:
        raise agent_failure(done, host)
    try:
        return parse_states(run, done.stdout)
    except ValueError as error:
        raise _nonsense(host, str(error)) from error


def _parse(task: TaskId, line: str, host: str) -> TaskState:
    try:
        return parse_state(task, line)
    except ValueError as error:
        raise _nonsense(host, repr(line[:200])) from error


def _nonsense(host: str, why: str) -> StepError:
    return StepError(
        "the host's answer about a task makes no sense",
        why=why,
        fix="haui takes it for no answer: look what is in /var/lib/haui on the host, and who may "
        "write there",
        host=host,
    )


def _defect(name: str, why: str) -> StepError:
    return StepError(f"{name} can't be sent to a host", why=why, fix="this is a defect of the step")
