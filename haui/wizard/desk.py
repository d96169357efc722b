"""The desk: the one place where the answers are while the wizard is open.

Pages are made from it and write each accepted answer back at once; every change is on disk when
`answer` returns. Hosts' secrets are never here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from haui.clusterfile.problem import Loc, SpecProblem
from haui.record.stamp import Now, stamp, utc_now
from haui.wizard.answers import value_at, with_value
from haui.wizard.draft import Draft, write_draft
from haui.wizard.pages import PAGES, PageId, index_of

if TYPE_CHECKING:
    from haui.spec import ClusterSpec
    from haui.wizard.question import Question

MOST_UNDONE = 200
"""How many changes can be taken back."""

Word = Literal["here", "done", "attention", "not yet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """How it stands with a page. `problems` is how many of its answers are missing or wrong."""

    word: Word
    problems: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightRecord:
    """The last preflight: of which answers, and how many of its findings block, warn, or are let
    pass for a reason."""

    sha: str
    blocked: int
    warned: int = 0
    overridden: int = 0


class Desk:
    """The answers of one draft. Not for use from several threads."""

    def __init__(
        self, draft: Draft, path: Path | None = None, *, now: Now = utc_now, lock: int | None = None
    ) -> None:
        """Without `path` nothing is kept. `lock` is a descriptor that is closed with the desk."""
        self.save_trouble = ""
        self.preflight: PreflightRecord | None = None
        self._draft = draft
        self._path = path
        self._now = now
        self._lock = lock
        self._watchers: list[Callable[[], None]] = []
        self._undo: list[dict[str, Any]] = []
        self._redo: list[dict[str, Any]] = []
        self._found: tuple[SpecProblem, ...] | None = None
        self._spec: ClusterSpec | None = None
        self._save()

    @property
    def draft(self) -> Draft:
        return self._draft

    @property
    def answers(self) -> Mapping[str, Any]:
        """The answers in the cluster file's shape; not to be changed."""
        return self._draft.answers

    @property
    def rehearsal(self) -> bool:
        return self._draft.rehearsal

    @property
    def saved_at(self) -> str:
        """When the draft was last on disk, as a stamp; empty when it never was."""
        return self._draft.saved

    def value(self, loc: Loc) -> Any:
        """The answer at a place; None when there is none."""
        return value_at(self.answers, loc)

    def shown_value(self, question: Question) -> Any:
        """The answer, else what is taken without one."""
        return question.answer_or_default(self.answers)

    def answer(self, loc: Loc, value: Any) -> None:
        """Take an answer, right or wrong; None takes it away. It is saved when this returns."""
        if value_at(self.answers, loc) != value:
            self._change(with_value(self.answers, loc, value))

    def set_hosts(self, hosts: Sequence[Mapping[str, Any]]) -> None:
        """Replace the list of hosts."""
        self.answer(("hosts",), [dict(host) for host in hosts] or None)

    def replace_answers(self, answers: Mapping[str, Any]) -> None:
        """Replace all answers, e.g. by those of a preset; can be undone."""
        if answers != self.answers:
            self._change(dict(answers))

    def problems(self, page: PageId | None = None) -> tuple[SpecProblem, ...]:
        """What is missing or wrong, on one page or on all."""
        from haui.wizard.check import page_of_problem

        found = self._examined()
        if page is None:
            return found
        return tuple(problem for problem in found if page_of_problem(problem) == page)

    def problem_at(self, loc: Loc) -> SpecProblem | None:
        """The first problem of the answer at a place."""
        from haui.wizard.check import first_at

        return first_at(self._examined(), loc)

    def notes(self) -> tuple[SpecProblem, ...]:
        """What is allowed and worth a second look; empty while there are problems."""
        from haui.clusterfile.rules import notes

        spec = self.spec()
        return notes(spec) if spec is not None else ()

    def spec(self) -> ClusterSpec | None:
        """The cluster that the answers describe; None while something is missing or wrong."""
        self._examined()
        return self._spec

    def recheck(self) -> None:
        """Look again at the files that the answers name: nobody tells when they change."""
        self._found = None
        self._tell()

    def page_state(self, page: PageId) -> PageState:
        """How it stands with a page, for the list of pages."""
        count = len(self.problems(page)) if page in self._draft.reached else 0
        if page == self._draft.page:
            return PageState(word="here", problems=count)
        if page not in self._draft.reached:
            return PageState(word="not yet")
        if page == "preflight" and not count:
            return self._preflight_state()
        if page == "review":
            return PageState(word="not yet")
        return PageState(word="attention" if count else "done", problems=count)

    def visit(self, page: PageId, *, looked: bool = False) -> None:
        """The admin is on that page now. The files that the answers name are looked at again, but
        when somebody has just `looked`."""
        reached = {*self._draft.reached, page}
        pages = tuple(known.id for known in PAGES if known.id in reached)
        if (page, pages) != (self._draft.page, self._draft.reached):
            self._draft = replace(self._draft, page=page, reached=pages)
            if not looked:
                self._found = None
            self._save()
            self._tell()

    def may_go(self, page: PageId) -> bool:
        """Whether that page may be opened: where the admin has been, always, since what is wrong
        on one page may have to be mended on a later one; else when nothing before it is open."""
        return page in self._draft.reached or self.blocked_by(page) is None

    def blocked_by(self, page: PageId) -> PageId | None:
        """The first page before `page` that has problems or was never seen; None when none."""
        for before in PAGES[: index_of(page)]:
            seen = before.id in self._draft.reached
            if not seen or self.problems(before.id):
                return before.id
        return None

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have `changed` called after each change; returns what ends that."""
        self._watchers.append(changed)

        def unwatch() -> None:
            if changed in self._watchers:
                self._watchers.remove(changed)

        return unwatch

    def undo(self) -> bool:
        """Take the last change back; whether there was one."""
        return self._swap(self._undo, self._redo)

    def redo(self) -> bool:
        """Make the change again that was taken back last."""
        return self._swap(self._redo, self._undo)

    def close(self) -> None:
        """Let another haui open the draft."""
        self._watchers.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _change(self, answers: dict[str, Any]) -> None:
        self._undo = [*self._undo[-MOST_UNDONE + 1 :], self._draft.answers]
        self._redo = []
        self._replace(answers)

    def _swap(self, taken: list[dict[str, Any]], given: list[dict[str, Any]]) -> bool:
        if not taken:
            return False
        given.append(self._draft.answers)
        self._replace(taken.pop())
        return True

    def _replace(self, answers: dict[str, Any]) -> None:
        self._draft = replace(self._draft, answers=answers)
        self._found = None
        self._save()
        self._tell()

    def _save(self) -> None:
        if self._path is None:
            return
        saved = replace(self._draft, saved=stamp(self._now()))
        try:
            write_draft(self._path, saved)
        except OSError as error:
            self.save_trouble = f"the draft can't be saved: {error.strerror or error}"
        else:
            self._draft = saved
            self.save_trouble = ""

    def _tell(self) -> None:
        for changed in tuple(self._watchers):
            changed()

    def _examined(self) -> tuple[SpecProblem, ...]:
        if self._found is None:
            from haui.wizard.check import examine

            # A simulated host has no use for the admin's own files.
            self._spec, self._found = examine(self.answers, files=not self.rehearsal)
        return self._found

    def _preflight_state(self) -> PageState:
        from haui.clusterfile.text import spec_sha

        spec, known = self.spec(), self.preflight
        if spec is None or known is None or known.sha != spec_sha(spec):
            return PageState(word="not yet")
        return PageState(word="attention" if known.blocked else "done", problems=known.blocked)
