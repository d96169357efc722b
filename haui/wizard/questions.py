"""Every question of the wizard, declared once, page after page, in the order of asking."""

from __future__ import annotations

from typing import Any

from haui.clusterfile.problem import Loc
from haui.wizard.answers import Answers, value_at, with_value
from haui.wizard.ask_access import ACCESS
from haui.wizard.ask_cluster import CLUSTER
from haui.wizard.ask_endpoint import ENDPOINT, endpoint_of, placement_of
from haui.wizard.ask_hosts import HOST_QUESTIONS, ROLES
from haui.wizard.ask_registry import REGISTRY
from haui.wizard.ask_topology import TOPOLOGY, topology_of
from haui.wizard.pages import PageId
from haui.wizard.question import Choice, Question, nothing

__all__ = [
    "HOST_QUESTIONS", "QUESTIONS", "ROLES", "Choice", "Question", "effective", "endpoint_of",
    "on_page", "placement_of", "question_at", "topology_of",
]  # fmt: skip

QUESTIONS: tuple[Question, ...] = (
    *TOPOLOGY, *ENDPOINT, *ACCESS, *CLUSTER, *REGISTRY,
)  # fmt: skip


def on_page(page: PageId, answers: Answers) -> tuple[Question, ...]:
    """What that page asks, given the answers so far."""
    return tuple(q for q in QUESTIONS if q.page == page and q.is_shown(answers))


def question_at(loc: Loc) -> Question | None:
    """The question that is answered at a place, or around it; hosts' places lead to theirs."""
    if loc[:1] == ("hosts",) and len(loc) > 2:
        inner = loc[2:]
        return next((q for q in HOST_QUESTIONS if inner[: len(q.loc)] == q.loc), None)
    return next((q for q in QUESTIONS if loc[: len(q.loc)] == q.loc), None)


def effective(answers: Answers) -> dict[str, Any]:
    """The answers that count: defaults filled in, and left out what is not asked any more.

    An answer to a question that has disappeared stays in the draft, so that it is there again when
    the question comes back, but it is no part of the cluster.
    """
    result: dict[str, Any] = dict(answers)
    # A place may be asked for in two ways, of which one is shown at most.
    asked = {question.loc for question in QUESTIONS if question.is_shown(answers)}
    for question in QUESTIONS:
        said = value_at(answers, question.loc)
        if not question.is_shown(answers):
            if said is not None and question.loc not in asked:
                result = with_value(result, question.loc, None)
        elif said is None and question.default is not nothing:
            value = question.default_of(answers)
            if value is not None:
                result = with_value(result, question.loc, value)
    return result
