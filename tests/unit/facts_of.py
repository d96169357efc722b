"""Runs one part of the script that tells facts, on a host made of a folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable

from haui.evidence import Facts
from steps.load import script
from tests.unit.shell_host import SHELL, ShellHost

GARBAGE = bytes(range(256)) * 40
"""Every byte that a file may hold, in no sense."""


def text_of(*functions: str) -> str:
    """The script, but only with these functions called."""
    functions_only = script("preflight_facts_probe").rpartition("if have awk")[0]
    return "\n".join((functions_only, "{", *functions, "facts_files", "facts_end", "} | told\n"))


def look_with(host: ShellHost, *functions: str) -> Facts:
    """What the functions tell of that host. They must come to their end, without a complaint."""
    ran = host.run(text_of(*functions))
    assert ran.status == 0
    assert ran.stderr == ""
    facts = Facts(ran.stdout)
    assert facts.complete
    return facts


def look_at_garbage(host: ShellHost, paths: Iterable[str], *functions: str) -> Facts:
    """What the functions tell when these files hold nothing sensible."""
    for path in paths:
        target = host.folder / "root" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(GARBAGE)
    ran = subprocess.run(
        [*SHELL, "-c", text_of(*functions)],
        env={
            "PATH": f"{host.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "CALLS": os.fspath(host.folder / "calls"),
            "HAUI_ROOT": os.fspath(host.folder / "root"),
        },
        capture_output=True,
        timeout=30,
        check=True,
    )
    facts = Facts(ran.stdout.decode(errors="replace"))
    assert facts.complete
    return facts
