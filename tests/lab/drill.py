"""Breaks a cluster on purpose and measures what its clients notice.

A control plane loses power; where balancers have hosts of their own, the one that holds the address
does too; then a member of etcd is killed and kept down while writes go on. In between everything is
brought back, and `haui verify` has to find the whole cluster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.lab import Lab
from tests.lab.outage import Clients
from tests.lab.runs import haui

BACK_S = 120
"""How long the API may be away before we give up."""
WHOLE_S = 300
"""How long the cluster may take until `haui verify` finds everything again."""
MEMBER_DOWN_S = 10


@dataclass(frozen=True)
class Outage:
    """What happened, and the longest gaps of reads and writes in ms."""

    what: str
    reads_ms: float
    writes_ms: float

    def __str__(self) -> str:
        return f"{self.what}: reads {self.reads_ms:.0f} ms, writes {self.writes_ms:.0f} ms"


class Drill:
    """`address` and `port` are where clients reach the API; `state` is haui's folder."""

    def __init__(self, lab: Lab, state: Path, address: str, port: int) -> None:
        self.lab, self.state, self.address, self.port = lab, state, address, port

    def all(self) -> list[Outage]:
        """Every outage; AssertionError when the cluster doesn't come back."""
        found = [self._power_cut(self._holder("cp") or "cp1")]
        if any(host.kind == "lb" for host in self.lab.hosts.values()):
            found.append(self._power_cut(self._holder("lb") or "lb1"))
        found.append(self.member_killed())
        return found

    def holder(self) -> str:
        """The host that holds the address; empty when none of the lab's does."""
        return self._holder("")

    def _holder(self, kind: str) -> str:
        for name, host in self.lab.hosts.items():
            if not host.kind.startswith(kind) or host.address == self.address:
                continue
            shown = self.lab.exec(name, ["ip", "-o", "-4", "addr", "show"]).stdout.decode()
            if f" {self.address}/" in shown:
                return name
        return ""

    def _power_cut(self, host: str) -> Outage:
        outage = self._measured(f"{host} without power", lambda: self.lab.power_off(host))
        self.lab.power_on(host)
        self._whole()
        return outage

    def member_killed(self) -> Outage:
        """A member of etcd is killed and kept down for a while."""
        own = any(host.kind == "et" for host in self.lab.hosts.values())
        host = "et2" if own else "cp2"
        with self._member_down(host, own) as down:
            outage = self._measured(f"etcd of {host} killed", down, at_least_s=MEMBER_DOWN_S)
        self._whole()
        return outage

    @contextmanager
    def _member_down(self, host: str, own: bool) -> Iterator[Callable[[], None]]:
        """Gives what kills it and keeps it from coming back until the end of the block."""
        manifest, kept = "/etc/kubernetes/manifests/etcd.yaml", "/root/etcd.yaml"
        kill = "kill -KILL $(pidof etcd)"

        def down() -> None:
            self._sh(
                host, f"{kill}; systemctl stop etcd" if own else f"mv {manifest} {kept}; {kill}"
            )

        yield down
        self._sh(host, "systemctl start etcd" if own else f"mv {kept} {manifest}")

    def _sh(self, host: str, script: str) -> None:
        done = self.lab.exec(host, ["sh", "-ec", script])
        assert done.returncode == 0, f"{host}: {script}: {done.stderr.decode()}"

    def _measured(self, what: str, act: Callable[[], None], at_least_s: float = 0.0) -> Outage:
        admin_conf = self.state / "lab" / "admin.conf"
        with Clients(self.lab, admin_conf, self.address, self.port) as clients:
            since = time.time()
            act()
            after = time.time()
            time.sleep(at_least_s)
            back = clients.settle(after, BACK_S)
            assert back, f"{what}: the API did not come back within {BACK_S} s"
            return Outage(what, clients.gap_ms("read", since), clients.gap_ms("write", since))

    def _whole(self) -> None:
        deadline = time.monotonic() + WHOLE_S
        said = ""
        while time.monotonic() < deadline:
            code, out, err = haui(self.lab, "verify", "lab", "--plain", state=self.state)
            if code == 0:
                return
            said = out + err
        raise AssertionError(f"the cluster is not whole after {WHOLE_S} s:\n{said[-4000:]}")
