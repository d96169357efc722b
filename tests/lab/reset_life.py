"""A cluster's whole life: a worker is added, leaves, comes back; a reset is killed in its middle,
a host loses its power in it, the hosts are used again, and the data of etcd is kept at the end.

Run as `python -m tests.lab.reset_life`. Ends with a traceback when something is not as it must be.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.lab import cluster_file
from tests.lab.before import prepared
from tests.lab.compare import Picture
from tests.lab.conftest import KEYS
from tests.lab.lab import Lab
from tests.lab.reset import since
from tests.lab.runs import Event, HauiRun

KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")
LEAVES = "wk2"
LOSES_POWER = "wk1"
DATA = "/var/lib/etcd/member"


def _begins(step: str, host: str) -> Callable[[Event], bool]:
    """Any word of that task."""
    return lambda event: event.get("step") == step and event.get("host") == host


def _says(step: str, host: str, text: str) -> Callable[[Event], bool]:
    """A line of its output."""

    def wanted(event: Event) -> bool:
        lines = event.get("lines", ()) if _begins(step, host)(event) else ()
        return any(text in line for line in lines)

    return wanted


KILLED_AT = (
    _says("reset.control_planes", "cp2", "[reset]"),
    _says("reset.packages", LOSES_POWER, "Removing"),
    _begins("reset.record", "cp1"),
)
"""kubeadm reset is at work; dpkg is (and its host loses power with it); some hosts are through."""


class Life:
    """One lab, one state folder; each part begins where the one before has ended."""

    def __init__(self, lab: Lab, state: Path, before: Mapping[str, Picture]) -> None:
        self.lab, self.state, self.before = lab, state, before

    def all(self) -> Iterator[str]:
        """What was seen, a line a part. Raises AssertionError for what must not be."""
        first = (self.installed, self.grown, self.left, self.came_back)
        for part in (*first, self.killed, self.again, self.kept):
            begun = time.monotonic()
            said = part()
            yield f"{(part.__doc__ or '').strip()}: {said}, {time.monotonic() - begun:.0f} s"

    def installed(self) -> str:
        """installed without one worker"""
        hosts = [host for host in self.lab.hosts if host != LEAVES]
        file = cluster_file.smaller(self.lab.dir / "lab.yaml", "smaller.yaml", hosts)
        return self._verified(self._to_end("apply", str(file), "--yes", *KEYS), *hosts)

    def grown(self) -> str:
        """the worker added to the cluster file"""
        run = self._to_end("apply", str(self.lab.dir / "lab.yaml"), "--yes", *KEYS)
        changed = {(e["host"], e["step"]) for e in run.of("task_finished", outcome="ok")}
        others = {step for host, step in changed if host != LEAVES}
        print(f"  changed on other hosts: {', '.join(sorted(others))}")
        return self._verified(run)

    def left(self) -> str:
        """one worker reset"""
        self._to_end("reset", "lab", "--host", LEAVES, "--yes")
        self._same(LEAVES)
        nodes = self._nodes()
        assert sorted(nodes) == sorted(set(self.lab.hosts) - {LEAVES}), nodes
        assert set(nodes.values()) == {"Ready"}, nodes
        return f"{LEAVES} is as it was, {len(nodes)} nodes are ready"

    def came_back(self) -> str:
        """installed again"""
        return self._verified(self._to_end("apply", str(self.lab.dir / "lab.yaml"), "--yes"))

    def killed(self) -> str:
        """the whole reset, killed"""
        run = HauiRun(self.lab, "reset", "lab", "--confirm", "lab", state=self.state)
        for number, moment in enumerate(KILLED_AT):
            event = run.until(moment)
            run.kill()
            print(f"  killed at {event['kind']} {event['step']} on {event['host']}")
            if number == 1:
                self.lab.reboot(LOSES_POWER)
            run = HauiRun(self.lab, "resume", "lab", "--yes", state=self.state)
        assert run.finish() == 0, run.talk()
        self._same(*self.lab.hosts)
        return f"{len(KILLED_AT)} times and once without power, all hosts are as they were"

    def again(self) -> str:
        """installed on the reset hosts"""
        return self._verified(self._to_end("apply", str(self.lab.dir / "lab.yaml"), "--yes"))

    def kept(self) -> str:
        """reset, but for the data of etcd"""
        self._to_end("reset", "lab", "--keep-etcd-data", "--yes")
        planes = [host for host in self.lab.hosts if host.startswith("cp")]
        for host in planes:
            found = self.lab.exec(host, ["find", DATA, "-name", "db", "-size", "+0"]).stdout
            assert found.strip(), f"no data on {host}"
        self._same(*self.lab.hosts)
        return f"data on {', '.join(planes)}, all else is as it was"

    def _to_end(self, *args: str) -> HauiRun:
        run = HauiRun(self.lab, *args, state=self.state)
        assert run.finish() == 0, run.talk()
        return run

    def _verified(self, run: HauiRun, *hosts: str) -> str:
        rows = [
            finding
            for event in run.of("task_finished")
            if event["step"].startswith("verify.")
            for finding in event.get("findings", [])
        ]
        wrong = [row for row in rows if row["verdict"] not in ("ok", "info")]
        assert rows and not wrong, wrong
        nodes = self._nodes()
        assert nodes == dict.fromkeys(hosts or self.lab.hosts, "Ready"), nodes
        return f"{len(rows)} rows of verification, all ok"

    def _nodes(self) -> dict[str, str]:
        listed = self.lab.exec("cp1", [*KUBECTL, "get", "nodes", "--no-headers"]).stdout.decode()
        return dict(line.split()[:2] for line in listed.splitlines())

    def _same(self, *hosts: str) -> None:
        told = since(self.lab, {host: self.before[host] for host in hosts})
        strange = [f"{host}: {each}" for host, found in told.items() for each in found.strange]
        assert not strange, "\n".join(strange)


def main() -> int:
    """The whole of it; always 0."""
    with (
        tempfile.TemporaryDirectory(prefix="haui-lab-life-") as folder,
        Lab.up(control_planes=3, workers=2, say=print) as lab,
    ):
        for line in Life(lab, Path(folder) / "state", prepared(lab)).all():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
