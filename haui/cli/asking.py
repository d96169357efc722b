"""The wizard's questions asked one after the other, for terminals without pages.

The questions, their rules and what is missing are the wizard's own (haui.wizard); answers go to the
same draft, so that one begun here can be continued on the pages.
"""

from __future__ import annotations

from typing import Any

from haui.cli.lines import flat, table
from haui.cli.prompter import Option, Prompter
from haui.clusterfile.load import SpecFileError
from haui.clusterfile.problem import SpecProblem
from haui.wizard import hostlist
from haui.wizard.check import page_of_problem, refused
from haui.wizard.desk import Desk
from haui.wizard.pages import PAGES, Page
from haui.wizard.questions import Question, on_page, question_at

ASKED_PAGES = tuple(page for page in PAGES if page.id not in ("preflight", "review"))
CLEAR = "-"
"""Typed to take an answer away."""


def ask_everything(desk: Desk, prompter: Prompter) -> None:
    """Ask every question until the answers are a cluster. Raises what the prompter does."""
    more = prompter.yes("Ask about rare things, too (interfaces, MTU, kube-proxy …)?", False)
    for page in ASKED_PAGES:
        ask_page(desk, prompter, page, more=more)
    while desk.spec() is None:
        _mend(desk, prompter)


def ask_page(desk: Desk, prompter: Prompter, page: Page, *, more: bool) -> None:
    """Ask what one page asks, as often as an answer is wrong."""
    desk.visit(page.id)
    number = PAGES.index(page) + 1
    prompter.say(f"\n== {number} of {len(PAGES)}: {page.title}. {page.question}")
    if page.id == "hosts":
        ask_hosts(desk, prompter)
        return
    asked: set[str] = set()
    while question := _next(desk, page, asked, more=more):
        asked.add(question.id)
        ask(desk, prompter, question)


def ask(desk: Desk, prompter: Prompter, question: Question) -> None:
    """Ask one question until its answer is right."""
    while True:
        if question.kind == "choice":
            _ask_choice(desk, prompter, question)
        elif question.kind == "flag":
            now = bool(desk.shown_value(question))
            desk.answer(question.loc, prompter.yes(_label(question), now))
        else:
            _ask_text(desk, prompter, question)
        problem = desk.problem_at(question.loc)
        if problem is None:
            return
        prompter.say(_told(problem))


def ask_hosts(desk: Desk, prompter: Prompter) -> None:
    """Ask for the list of hosts until nothing is wrong with it."""
    shown = None
    while True:
        if shown != (shown := desk.value(("hosts",))):
            _show_hosts(desk, prompter)
        found = desk.problems("hosts")
        if not found and prompter.yes("Is that all of them?", True):
            return
        for problem in found:
            prompter.say(_told(problem))
        text = prompter.lines(
            "Hosts, one or a range a line, e.g. 10.0.0.[11-13] cp, or -NAME to take one away; "
            "an empty line ends the list"
        )
        _take_hosts(desk, prompter, text)


def _next(desk: Desk, page: Page, asked: set[str], *, more: bool) -> Question | None:
    """The next question that is asked by now: an answer can bring new ones."""
    open_ = (q for q in on_page(page.id, desk.answers) if q.id not in asked)
    return next((q for q in open_ if more or not q.more or desk.problem_at(q.loc)), None)


def _label(question: Question) -> str:
    lock = f" (to stay: {question.locked})" if question.locked else ""
    return f"{question.label}{lock}"


def _ask_choice(desk: Desk, prompter: Prompter, question: Question) -> None:
    now = desk.shown_value(question)
    options = [
        Option(
            label=choice.label + (" (recommended)" if choice.recommended else ""),
            note=" ".join(part for part in (choice.note, choice.takes) if part),
            refused=refused(desk.answers, question, choice.value),
        )
        for choice in question.choices
    ]
    values = [choice.value for choice in question.choices]
    chosen = prompter.choose(_label(question), options, values.index(now) if now in values else 0)
    desk.answer(question.loc, values[chosen])


def _ask_text(desk: Desk, prompter: Prompter, question: Question) -> None:
    now = question.show(desk.shown_value(question))
    prompter.say(f"  {question.help} For example: {question.example}")
    said = prompter.text(_label(question), now)
    desk.answer(question.loc, None if said == CLEAR else question.read(said))


def _show_hosts(desk: Desk, prompter: Prompter) -> None:
    rows = [_row(host) for host in desk.value(("hosts",)) or () if isinstance(host, dict)]
    if rows:
        for line in table(("name", "address", "roles"), rows):
            prompter.say(line)


def _row(host: dict[str, Any]) -> tuple[str, str, str]:
    roles = host.get("roles")
    return (
        flat(str(host.get("name", ""))),
        flat(str(host.get("address", ""))),
        flat(", ".join(str(role) for role in roles) if isinstance(roles, list) else str(roles)),
    )


def _take_hosts(desk: Desk, prompter: Prompter, text: str) -> None:
    """Add what was understood; say what was not."""
    hosts = list(desk.value(("hosts",)) or ())
    wanted: list[str] = []
    for line in text.splitlines():
        name = line.strip().removeprefix(CLEAR)
        if line.strip().startswith(CLEAR) and any(host.get("name") == name for host in hosts):
            hosts = [host for host in hosts if host.get("name") != name]
        else:
            wanted.append(line)
    read = hostlist.parse_lines("\n".join(wanted))
    for bad in read.rejected:
        prompter.say(f"  line {bad.line} is not understood: {bad.text}: {bad.why}")
    for note in read.notes:
        prompter.say(f"  {note}")
    taken = {str(host.get("name")) for host in hosts}
    merged, notes = hostlist.merge(hosts, hostlist.complete(read.hosts, taken))
    for note in notes:
        prompter.say(f"  {note}")
    desk.set_hosts(merged)


def _mend(desk: Desk, prompter: Prompter) -> None:
    """Ask again what the first problem is about."""
    problem = desk.problems()[0]
    page = next(page for page in PAGES if page.id == page_of_problem(problem))
    prompter.say(f"\nStill open on “{page.title}”:")
    prompter.say(_told(problem))
    question = question_at(problem.loc)
    if page.id == "hosts":
        ask_hosts(desk, prompter)
    elif question is None:
        raise SpecFileError("the answers", desk.problems())
    else:
        ask(desk, prompter, question)


def _told(problem: SpecProblem) -> str:
    example = f" For example: {problem.example}" if problem.example else ""
    return f"  ! {problem.path}: {problem.what}.{example}"
