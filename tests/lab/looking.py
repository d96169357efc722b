"""Running haui preflight on the lab, and what it has found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.conftest import KEYS
from tests.lab.lab import Lab
from tests.lab.runs import haui

GOOD = ("ok", "info", "skipped")
OF_THE_MACHINE = ("sizes.processors", "disks.etcd-speed")
"""Findings about the machine that the lab runs on: how many processors it has, and how fast its
disk is while all hosts use it. They are right, and no trouble that a test has made."""


@dataclass
class Looked:
    """What one preflight has found: host -> check -> event."""

    code: int
    found: dict[str, dict[str, dict[str, Any]]]
    err: str
    problems: dict[str, str]

    def worse(self) -> set[tuple[str, str]]:
        """Host and check of everything above info."""
        return {
            (host, check)
            for host, checks in self.found.items()
            for check, event in checks.items()
            if event["verdict"] not in GOOD and check not in OF_THE_MACHINE
        }


def look(lab: Lab, state: Path, *args: str, file: Path | None = None, **env: str) -> Looked:
    """Run haui preflight."""
    file = file or lab.dir / "lab.yaml"
    code, out, err = haui(
        lab, "preflight", str(file), "--json", *KEYS, *args, state=state, env=env, timeout_s=300
    )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    problems: dict[str, str] = {}
    for line in out.splitlines():
        event = json.loads(line)
        if event["kind"] == "preflight_result":
            found.setdefault(event["host"], {})[event["check"]] = event
        if event["kind"] == "task_finished" and event["outcome"] == "failed":
            problems[event["host"]] = json.dumps(event.get("problem", {}))
    return Looked(code, found, err, problems)
