"""What is up right now, on disk: a later command, or a clean-up after a crash, starts from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.lab.process import Process

FIRST_ADDRESS = {"cp": 11, "wk": 21, "lb": 31, "x": 41, "et": 51}


@dataclass
class Host:
    """One host; `process` is its scripts/boot.sh while it has power."""

    name: str
    kind: str
    address: str
    process: Process | None = None


@dataclass
class State:
    """The lab's inventory."""

    lower: str
    hosts: dict[str, Host] = field(default_factory=dict)
    servers: dict[str, Process] = field(default_factory=dict)
    ready: bool = False

    def save(self, folder: Path) -> None:
        """Write it so that a reader sees the old or the new one, never half."""
        draft = folder / "state.json.new"
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n")
        draft.replace(folder / "state.json")

    @classmethod
    def load(cls, folder: Path) -> State | None:
        """What was saved last, if the lab was ever started there."""
        try:
            raw = json.loads((folder / "state.json").read_text())
        except (OSError, json.JSONDecodeError):
            return None
        hosts = {
            name: Host(
                entry["name"],
                entry["kind"],
                entry["address"],
                Process(**entry["process"]) if entry["process"] else None,
            )
            for name, entry in raw["hosts"].items()
        }
        servers = {name: Process(**entry) for name, entry in raw["servers"].items()}
        return cls(raw["lower"], hosts, servers, raw["ready"])


def inventory(
    control_planes: int, workers: int, load_balancers: int, extra: int, etcd: int
) -> list[Host]:
    """Names and addresses by kind, always the same for the same numbers."""
    counts = {
        "cp": control_planes, "wk": workers, "lb": load_balancers, "x": extra, "et": etcd
    }  # fmt: skip
    for kind, count in counts.items():
        if not 0 <= count <= 9:
            raise ValueError(f"{count} hosts of kind {kind}: the lab numbers 0 to 9 of each")
    return [
        Host(f"{kind}{i + 1}", kind, f"10.77.0.{FIRST_ADDRESS[kind] + i}")
        for kind, count in counts.items()
        for i in range(count)
    ]
