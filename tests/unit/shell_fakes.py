"""Runs a static script of the catalogue against made-up commands, in a made-up root folder.

Every made-up command writes its call down and answers by the first rule whose glob matches the
whole call ("kubectl … get node cp2"). What a rule does is a line of shell, so that a made-up
kubeadm can make the files that the real one would.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from haui.events import Finding
from haui.step import parse_findings
from steps.load import script
from tests.unit.shell_host import SHELL

COMMANDS = ("kubectl", "kubeadm", "crictl", "ctr", "systemctl", "journalctl", "sleep", "timeout",
            "ip", "iptables", "curl")  # fmt: skip

FAKE = r"""#!/bin/sh
name=${0##*/}
if [ "$name" = timeout ]; then
    shift
    exec "$@"
fi
call="$name $*"
printf '%s\n' "$call" >>"$FAKE/calls"
. "$FAKE/rules"
case $name in
    sleep | ctr | crictl | journalctl | systemctl) exit 0 ;;
esac
echo "no rule for: $call" >&2
exit 1
"""


@dataclass(frozen=True)
class Ran:
    """What a script did."""

    status: int
    output: str
    errors: str
    calls: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return parse_findings(self.output)

    def verdicts(self) -> dict[str, str]:
        """Finding -> verdict."""
        return {found.what: found.verdict for found in self.findings}

    def called(self, start: str) -> list[str]:
        """The calls that begin so."""
        return [call for call in self.calls if call.startswith(start)]


@dataclass
class Shell:
    """A folder that stands for a host. `rules` are (glob, shell line), first match wins."""

    folder: Path
    env: Mapping[str, str]
    rules: list[tuple[str, str]] = field(default_factory=list)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("bin", "root/etc/kubernetes/manifests", "inputs", "fake", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name in COMMANDS:
            path = self.folder / "bin" / name
            path.write_text(FAKE)
            path.chmod(0o755)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def put(self, path: str, content: str = "") -> None:
        """A file of the host, by its absolute path."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def put_all(self, *paths: str) -> None:
        for path in paths:
            self.put(path)

    def exists(self, path: str) -> bool:
        return (self.root / path.lstrip("/")).exists()

    def mark(self, name: str) -> None:
        """A switch that rules can look at: $FAKE/NAME."""
        (self.folder / "fake" / name).touch()

    def run(self, name: str, **env: str) -> Ran:
        """Run script `name` with the library in front of it, as a host would."""
        fake = self.folder / "fake"
        (fake / "rules").write_text("".join(_rules(self.rules)))
        for index, (_, do) in enumerate(self.rules):
            (fake / f"rule.{index}").write_text(do + "\n")
        for input_name, content in self.inputs.items():
            (self.folder / "inputs" / input_name).write_text(content)
        (fake / "calls").write_text("")
        answer = subprocess.run(
            [*SHELL, "-c", script(name)],
            env={
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "LC_ALL": "C.UTF-8",
                "FAKE": str(fake),
                "ROOT": str(self.root),
                "TMPDIR": str(self.folder / "tmp"),
                "HAUI_ROOT": str(self.root),
                "HAUI_INPUTS": str(self.folder / "inputs"),
                "HAUI_PAUSE": "59",
                **self.env,
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        calls = tuple((fake / "calls").read_text().splitlines())
        return Ran(answer.returncode, answer.stdout, answer.stderr, calls)


def _rules(rules: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What finds the first rule that fits. A glob in a variable needs no quoting of its blanks."""
    for index, (glob, _) in enumerate(rules):
        yield f"glob={shlex.quote(glob)}\n"
        yield f'case $call in $glob) . "$FAKE/rule.{index}"; exit ;; esac\n'
