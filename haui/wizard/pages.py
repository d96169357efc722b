"""The wizard's pages in their order, and which page a place of the cluster file belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from haui.clusterfile.problem import Loc

PageId = Literal["topology", "endpoint", "hosts", "access", "cluster", "preflight", "review"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: `question` is the one thing that it asks, in a sentence."""

    id: PageId
    title: str
    question: str


PAGES: tuple[Page, ...] = (
    Page(
        id="topology",
        title="Topology",
        question="How many control planes, and where does etcd, the cluster's memory, live?",
    ),
    Page(
        id="endpoint",
        title="API endpoint",
        question="How do nodes and clients find an API server that is alive?",
    ),
    Page(id="hosts", title="Hosts", question="Which machines are there, and what does each do?"),
    Page(id="access", title="Access", question="How does haui log in to them and become root?"),
    Page(
        id="cluster",
        title="Cluster",
        question="Which Kubernetes, which networks, and where do packages and images come from?",
    ),
    Page(
        id="preflight",
        title="Preflight",
        question="Is anything in the way? Looks at every host and changes nothing.",
    ),
    Page(
        id="review",
        title="Review",
        question="Is this what you want? Nothing has been changed so far.",
    ),
)

_PAGE_OF_KEY: dict[str | int, PageId] = {
    "name": "topology",
    "profile": "topology",
    "topology": "topology",
    "endpoint": "endpoint",
    "hosts": "hosts",
    "ssh": "access",
}


def page_of(loc: Loc) -> PageId:
    """The page where the value at `loc` is answered; what has no question is on the last one."""
    return _PAGE_OF_KEY.get(loc[0], "cluster") if loc else "cluster"


def index_of(page: PageId) -> int:
    """The position of a page, from 0."""
    return next(index for index, known in enumerate(PAGES) if known.id == page)
