"""A host of a run as tiles, table and filter see it: plain data, cleaned and ready to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from haui.live.progress import HostStatus
from haui.live.run import LiveRun
from haui.spec import ClusterSpec, HostSpec
from haui.transport.text import clean_line
from screens.widgets.progress import seconds_of, span_text

Order = Literal["state", "name", "role", "progress", "time"]
ORDERS: Final[tuple[Order, ...]] = ("state", "name", "role", "progress", "time")

WORDS: Final[dict[HostStatus, str]] = {
    "failed": "failed",
    "lost": "lost",
    "running": "running",
    "waiting": "waiting",
    "skipped": "skipped",
    "done": "done",
}
_RANK: Final = {word: rank for rank, word in enumerate(WORDS)}
NEWS: Final = frozenset(("failed", "lost", "running", "skipped"))
"""The states that a person may want to look at; the others need nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """One host at one moment.

    `name` is how the run calls it, `label` how it is shown. `index` is its place in the cluster
    file, `since` when its state began, in seconds since 1970 (None: not known).
    """

    index: int
    name: str
    label: str
    role: str
    status: HostStatus = "waiting"
    step: str = ""
    detail: str = ""
    done: int = 0
    total: int = 0
    since: float | None = None

    def clock(self, now: float) -> str:
        """For how long it has been in its state; only of what goes on."""
        if self.since is None or self.status not in ("running", "waiting", "lost", "failed"):
            return ""
        return span_text(now - self.since)


_ROLES: Final = {
    "control-plane": "control plane",
    "load-balancer": "load balancer",
}


def role_text(spec: ClusterSpec, host: HostSpec) -> str:
    """`control plane · etcd`, in the file's order."""
    roles = [_ROLES.get(role, role) for role in host.roles]
    if spec.topology.kind == "stacked" and "control-plane" in host.roles and "etcd" not in roles:
        roles.insert(1, "etcd")
    return " · ".join(roles)


def host_view(live: LiveRun, host: HostSpec, index: int, *, ascii_only: bool = False) -> HostView:
    """How that host is now. What the running step printed last is its detail."""
    progress = live.progress(host.name)
    detail = progress.reason
    if progress.status == "running":
        detail = live.logs.last(host.name, progress.step_id, progress.since)
    role = role_text(live.spec, host)
    return HostView(
        index=index,
        name=host.name,
        label=clean_line(host.name, 64),
        role=role.replace("·", "+") if ascii_only else role,
        status=progress.status,
        step=clean_line(progress.step_title or progress.step_id, 200),
        detail=clean_line(detail, 400).strip(),
        done=progress.done,
        total=progress.total,
        since=None if live.ended else seconds_of(progress.since),
    )


def ordered(views: Iterable[HostView], order: Order) -> list[HostView]:
    """In that order; hosts that are equal in it stay in the cluster file's."""
    if order == "name":
        return sorted(views, key=lambda v: (v.name, v.index))
    if order == "role":
        return sorted(views, key=lambda v: (v.role, v.index))
    if order == "progress":
        return sorted(views, key=lambda v: (v.done / v.total if v.total else 0.0, v.index))
    if order == "time":
        return sorted(views, key=lambda v: (v.since is None, v.since or 0.0, v.index))
    return sorted(views, key=lambda v: (_RANK[v.status], v.index))


def matches(view: HostView, words: Sequence[str]) -> bool:
    """Whether every word is found in the host's name, role, state or step."""
    text = f"{view.name}\n{view.role}\n{view.status}\n{view.step}".casefold()
    return all(word in text for word in words)


def chosen(views: Iterable[HostView], *, text: str = "", only_news: bool = False) -> list[HostView]:
    """The hosts that the filter lets through, in the given order."""
    words = text.casefold().split()
    return [
        view for view in views if matches(view, words) and (not only_news or view.status in NEWS)
    ]


def tally(views: Iterable[HostView]) -> dict[str, int]:
    """How many hosts are in each state, the urgent ones first; empty states are left out."""
    counts: dict[str, int] = dict.fromkeys(WORDS, 0)
    for view in views:
        counts[view.status] += 1
    return {word: count for word, count in counts.items() if count}
