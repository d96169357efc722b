"""Makes complete scripts of a step's calls: library, check of files, and the call's own text."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from haui.host import File, Script
from haui.step import Call, Task

Part = Literal["probe", "apply", "gate", "supply", "revoke"]
MANIFEST = "manifest.expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What every script begins with: shell functions, and the check of a step's own files."""

    functions: str
    files_probe: str

    @staticmethod
    def load() -> Library:
        """The library that ships with haui."""
        agent = files("haui") / "agent"
        return Library(
            functions=(agent / "lib.sh").read_text(encoding="utf-8"),
            files_probe=(agent / "files_probe.sh").read_text(encoding="utf-8"),
        )


class Composer:
    """Turns a `Call` of a task into the `Script` that a host runs.

    Every script finds HAUI_HOST and HAUI_ADDRESS (of the host that the task is about, also when the
    script runs on another one), HAUI_STEP and HAUI_PART in its environment.
    """

    def __init__(self, load_script: Callable[[str], str], library: Library) -> None:
        self._load = load_script
        self._library = library
        self._text = functools.cache(self._compose)

    def call(self, task: Task, part: Part, call: Call) -> Script:
        """The script of a gate, supply, revoke or apply."""
        return self._script(task, part, call, self._text(call.script, False))

    def probe(self, task: Task, call: Call | None, placed: tuple[File, ...]) -> Script:
        """The probe of a step, which also looks at the files that the step places."""
        text = self._text(call.script if call else None, bool(placed))
        call = call or Call(script="")
        if placed:
            inputs = {**call.inputs, MANIFEST: manifest(placed)}
            call = Call(script=call.script, env=call.env, inputs=inputs)
        return self._script(task, "probe", call, text)

    def placing(self, task: Task) -> Script:
        """The script of a step whose change is nothing but its files."""
        return self._script(task, "apply", Call(script=""), ":\n")

    def _compose(self, script: str | None, with_files: bool) -> str:
        parts = [self._library.functions]
        if with_files:
            parts.append(self._library.files_probe)
        if script is not None:
            parts.append(self._load(script))
        return "\n".join(parts)

    @staticmethod
    def _script(task: Task, part: Part, call: Call, text: str) -> Script:
        env = {
            **call.env,
            "HAUI_HOST": task.host.name,
            "HAUI_ADDRESS": task.host.address,
            "HAUI_STEP": task.step.id,
            "HAUI_PART": part,
        }
        return Script(name=f"{task.step.id}.{part}", text=text, env=env, inputs=call.inputs)


def manifest(placed: tuple[File, ...]) -> bytes:
    """What the files must be, one line each: sha256, octal mode, path and family of operating
    systems (empty: all), tab separated."""
    return "".join(
        f"{hashlib.sha256(file.content).hexdigest()}\t{file.mode:o}\t{file.path}\t{file.family}\n"
        for file in placed
    ).encode()
