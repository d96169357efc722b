"""What a session is to do, and with what: the command line and the pages fill it in."""

from __future__ import annotations

import getpass
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from haui.events import AnyEvent, EtcdData
from haui.evidence import Evidence
from haui.execution.controls import Controls
from haui.execution.decisions import Decide
from haui.host import Host
from haui.record.bus import Subscriber
from haui.record.stamp import Now, utc_now
from haui.record.store import ClusterStore
from haui.resetting import is_partial
from haui.spec import ClusterSpec
from haui.step import Step
from haui.transport.credentials import Credentials

_log = logging.getLogger(__name__)

Install = Literal["apply", "resume"]
Change = Install | Literal["reset"]
Look = Literal["verify", "preflight"]
Kind = Change | Look
ON_RECORD: frozenset[Kind] = frozenset({"apply", "resume", "reset"})
"""The kinds that change hosts, and that the journal is of."""

Emit = Callable[[AnyEvent], Awaitable[object]]


class FleetLike(Protocol):
    """What a session needs of the hosts as a whole."""

    def host(self, name: str) -> Host: ...

    async def close(self) -> None: ...


OpenFleet = Callable[[ClusterSpec, Emit], FleetLike]
"""Opens a session's connections to the cluster as it is reached; their events are emitted."""


def whoami(environ: Mapping[str, str] = os.environ) -> str:
    """Who runs haui; with sudo, also who that was before, as `root (ops)`."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        name = f"uid {os.getuid()}"
    before = environ.get("SUDO_USER", "")
    return f"{name} ({before})" if before and before != name else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a session is to do. `spec` is what the admin asked for; `reach` is the same cluster as
    it is reached (they differ only in a rehearsal)."""

    kind: Kind
    spec: ClusterSpec
    store: ClusterStore
    reach: ClusterSpec
    open_fleet: OpenFleet
    credentials: Credentials
    watchers: tuple[Subscriber, ...] = ()
    controls: Controls
    bastion: bool = True
    """Whether the bastion itself can reach the endpoint (never in a rehearsal)."""
    hosts: frozenset[str] | None = None
    """Only these hosts, to look at them again or to reset them."""
    catalogue: Sequence[Step] | None = None
    """What there is to do; less than all of it for jobs that change nothing."""
    etcd_data: EtcdData = "keep"
    """Of a reset: `remove` only when the admin has typed the cluster's name."""
    decide: Decide | None = None
    """Asked about each task that failed; without it, what needs the task is skipped at once."""
    evidence: Evidence = field(default_factory=Evidence)
    """Filled with what the steps read."""
    operator: str = field(default_factory=whoami)
    """Who runs haui, for findings that are let pass."""
    on_trouble: Callable[[str], None] = _log.warning
    """Told, once for each, of what goes wrong beside the run: logs that can't be written, watchers
    that failed."""
    now: Now = utc_now

    @property
    def partial(self) -> bool:
        """Whether it is about some of the cluster's hosts only."""
        return is_partial(self.spec, self.hosts)
