"""Runs the hosts' scripts here: a folder instead of /, small fakes before the real commands."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haui.events import Finding
from haui.step import parse_findings
from steps.load import script

SHELL = os.environ.get("HAUI_TEST_SHELL", "/bin/sh").split()
"""What runs the scripts: as they have to run under any, it may be `bash --posix`."""


@dataclass(frozen=True)
class Ran:
    """What a script did."""

    status: int
    stdout: str
    stderr: str

    @property
    def findings(self) -> dict[str, Finding]:
        """By what was looked at."""
        return {found.what: found for found in parse_findings(self.stdout)}

    def verdict(self, what: str) -> str:
        """The verdict on one thing; KeyError when nothing was said about it."""
        return self.findings[what].verdict

    @property
    def done(self) -> bool:
        """Whether the probe says that nothing is left to do."""
        verdicts = {found.verdict for found in self.findings.values()}
        return self.status == 0 and bool(verdicts) and verdicts <= {"ok", "info"}


@dataclass
class ShellHost:
    """A host made of a folder. `calls` of fakes are noted in the order in which they are made."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("root", "bin", "inputs"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.write("/etc/os-release", 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n')

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        """A file below the host's root."""
        target = self.folder / "root" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)
        return target

    def read(self, path: str) -> str:
        """A file below the host's root."""
        return (self.folder / "root" / path.lstrip("/")).read_text()

    def fake(self, command: str, text: str = "") -> None:
        """A command that notes its call and then does `text` (shell)."""
        path = self.folder / "bin" / command
        note = f'printf "%s\\n" "{command} $*" >>"$CALLS"\n'
        path.write_text(f"#!/bin/sh\n{note}{text}\n")
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """The calls of fakes so far."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def run(
        self,
        name: str,
        env: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a script of the catalogue (or complete text) as a host would."""
        text = name if "\n" in name else script(name)
        for blob, content in (inputs or {}).items():
            (self.folder / "inputs" / blob).write_text(content)
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "CALLS": str(self.folder / "calls"),
            "HAUI_ROOT": str(self.folder / "root"),
            "HAUI_INPUTS": str(self.folder / "inputs"),
            "HAUI_HOST": "cp1",
            "HAUI_ADDRESS": "10.0.0.11",
            **self.env,
            **(env or {}),
        }
        done = subprocess.run(
            [*SHELL, "-c", text],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


SYNC = 'for file; do printf "%s\\n" "$file" >>"$SYNCED"; done'
MOVE = r"""
/bin/mv "$@" || exit
while [ $# -gt 2 ]; do shift; done
[ -L "$2" ] || [ ! -f "$2" ] || grep -qxF -- "$1" "$SYNCED" || : >"$2"
"""


def with_power_cut(host: ShellHost) -> None:
    """From now on a file has lost its content when it was moved before it was on the disk."""
    synced = host.folder / "synced"
    synced.touch()
    host.env["SYNCED"] = os.fspath(synced)
    host.fake("sync", SYNC)
    host.fake("mv", MOVE)


SYSTEMCTL = """
case "$1 $2" in
    "is-active "*)
        grep -qx "$2" "$STATE/active" 2>/dev/null || { echo inactive; exit 3; }
        echo active ;;
    "is-enabled "*) cat "$STATE/enabled-$2" 2>/dev/null || { echo disabled; exit 1; } ;;
    "enable --now") echo enabled >"$STATE/enabled-$3"; echo "$3" >>"$STATE/active" ;;
    "disable --now") echo disabled >"$STATE/enabled-$3" ;;
    "enable "*) echo enabled >"$STATE/enabled-$2" ;;
    "mask "*) echo masked >"$STATE/enabled-$2" ;;
    "restart "*) echo "$2" >>"$STATE/active" ;;
    "list-units --type") cat "$STATE/units" 2>/dev/null ;;
esac
exit 0
"""
"""A systemctl that keeps states in $STATE."""


def with_systemctl(host: ShellHost) -> Path:
    """Give `host` a systemctl; the folder with its states."""
    state = host.folder / "state"
    state.mkdir(exist_ok=True)
    host.env["STATE"] = os.fspath(state)
    host.fake("systemctl", SYSTEMCTL)
    return state
