"""What is wrong with the answers so far, and the cluster that they describe when nothing is. Pure,
but for the files that the answers name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from haui.clusterfile.fill import complete
from haui.clusterfile.load import validate, with_files
from haui.clusterfile.problem import Loc, SpecProblem
from haui.clusterfile.rules import problems as contradictions
from haui.clusterfile.rules import refusals
from haui.clusterfile.types import shown
from haui.clusterfile.yamltree import Document
from haui.preset import may_be_missing
from haui.spec import ClusterSpec
from haui.wizard.answers import Answers, value_at, with_value
from haui.wizard.pages import PageId, index_of, page_of
from haui.wizard.questions import (
    HOST_QUESTIONS,
    QUESTIONS,
    Question,
    effective,
    question_at,
)

MISSING = "is missing"
_FILLED = {("hosts",), ("endpoint", "vip")}
"""Filled in with examples where they are missing, so that the rest can be judged."""
_NUMBER_RULE = "is not a whole number"


def problems_of(answers: Answers, *, files: bool = True) -> tuple[SpecProblem, ...]:
    """Everything that keeps the answers from being a cluster, in the order of the questions.

    What is missing is a problem as well. Rules between fields are only looked at when each field
    is right; with parts missing, they are looked at with examples in their place. `files`: look at
    the files that the answers name, too.
    """
    return examine(answers, files=files)[1]


def spec_of(answers: Answers, *, files: bool = True) -> ClusterSpec | None:
    """The cluster that the answers describe; None while there are problems."""
    return examine(answers, files=files)[0]


def refused(answers: Answers, question: Question, value: Any) -> str:
    """Why this answer can't be chosen with the others, or in this version of haui; empty when it
    can.

    It is judged with the other choices alone, whatever is typed elsewhere by now.
    """
    for choice in question.choices:
        if choice.value == value and (why := choice.barred(answers)):
            return why
    asked = effective(with_value(_choices(answers), question.loc, value))
    spec, found = validate(Document(data=asked), _completed(asked))
    if spec is None or found:
        return ""
    return next((problem.what for problem in refusals(spec) if problem.loc == question.loc), "")


def _choices(answers: Answers) -> dict[str, Any]:
    """The answers that are one of those offered."""
    found: dict[str, Any] = {}
    for question in QUESTIONS:
        said = value_at(answers, question.loc)
        if any(said == choice.value for choice in question.choices):
            found = with_value(found, question.loc, said)
    return found


def page_of_problem(problem: SpecProblem) -> PageId:
    """Where a problem is solved. How many hosts have which role is solved on the hosts' page."""
    counted = (problem.loc == ("topology", "kind") and "control plane" in problem.what) or (
        problem.loc == ("endpoint", "placement") and "role load-balancer" in problem.what
    )
    return "hosts" if counted else page_of(problem.loc)


def examine(
    answers: Answers, *, files: bool = True
) -> tuple[ClusterSpec | None, tuple[SpecProblem, ...]]:
    """The cluster, or what keeps the answers from being one: `spec_of` and `problems_of` in one."""
    data = effective(answers)
    document = Document(data=data)
    _, found = validate(document)
    if not value_at(data, ("hosts",)):
        found = [problem for problem in found if problem.loc != ("hosts",)]
        found.append(_no_hosts())
    missing = [p for p in found if p.what == MISSING and may_be_missing(p.loc)]
    spec: ClusterSpec | None = None
    if _needs_address(data):
        found.append(SpecProblem(loc=("endpoint", "vip"), what=MISSING))
    if all(
        p in missing or (p.loc in _FILLED and not value_at(data, p.loc)) for p in found
    ) and _hosts_are_maps(data):
        spec, wrong = validate(document, _completed(data))
        found += wrong
        if spec is not None:
            gaps = {problem.loc for problem in found}
            found += [p for p in (*contradictions(spec), *refusals(spec)) if p.loc not in gaps]
        if spec is not None and files:
            spec, unreadable = with_files(spec, Path.cwd())
            found += unreadable
    told = tuple(dict.fromkeys(_told(problem, data) for problem in found))
    return (None if told else spec), tuple(sorted(told, key=_rank))


def _needs_address(data: dict[str, Any]) -> bool:
    """Whether the virtual address is missing: a preset may leave it out, a cluster may not."""
    kind = value_at(data, ("endpoint", "kind"))
    return kind != "external" and value_at(data, ("endpoint", "vip")) is None


def _completed(data: dict[str, Any]) -> dict[str, Any]:
    return complete(data if data.get("hosts") else {k: v for k, v in data.items() if k != "hosts"})


def _hosts_are_maps(data: dict[str, Any]) -> bool:
    hosts = data.get("hosts", [])
    return isinstance(hosts, list) and all(
        isinstance(host, dict) and host.get("roles") for host in hosts
    )


def _no_hosts() -> SpecProblem:
    return SpecProblem(loc=("hosts",), what="no host is entered yet", example="10.0.0.[11-13] cp")


def _told(problem: SpecProblem, data: dict[str, Any]) -> SpecProblem:
    """The problem as it is said beside a question, instead of in a file."""
    question = question_at(problem.loc)
    example = question.example if question is not None and question.loc else problem.example
    what = problem.what
    if what == MISSING:
        what = "an answer is needed"
    elif question is not None and question.kind == "number":
        value = value_at(data, problem.loc)
        if isinstance(value, str):
            what = f"{shown(value)} {_NUMBER_RULE}"
    elif question is not None and question.kind == "map":
        value = value_at(data, problem.loc)
        if isinstance(value, str):
            what = f"{shown(value)} is not a list of name=value pairs"
    return SpecProblem(loc=problem.loc, what=what, example=example or problem.example)


def _rank(problem: SpecProblem) -> tuple[Any, ...]:
    """Pages in order; on a page, questions in order, hosts by their position."""
    question = question_at(problem.loc)
    place = -1
    if question is not None:
        asked = HOST_QUESTIONS if problem.loc[0] == "hosts" else QUESTIONS
        place = asked.index(question)
    host = problem.loc[1] if len(problem.loc) > 1 and problem.loc[0] == "hosts" else -1
    return (index_of(page_of_problem(problem)), host if isinstance(host, int) else -1, place)


def first_at(found: tuple[SpecProblem, ...], loc: Loc) -> SpecProblem | None:
    """The first problem of the value at `loc` or inside of it."""
    return next((problem for problem in found if problem.loc[: len(loc)] == loc), None)
