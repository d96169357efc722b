"""What the welcome page offers to go on with: installs, rehearsals, drafts, clusters.

`glance` looks at names, locks and the last record of each journal, which is fast enough to be done
before the first paint and settles the order. `look` reads one journal to its end and the cluster
file beside it; that takes as long as the journal is and is for a thread.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from haui.errors import HauiError, UsageError
from haui.folders import REHEARSALS
from haui.record.lock import Owner
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.wizard.expiry import certificate_end

if TYPE_CHECKING:
    from haui.wizard.draft import Draft
    from haui.wizard.drafts import DraftBook

Kind = Literal["unfinished", "held", "finished", "damaged", "draft", "broken draft"]

_TAIL_BYTES = 1 << 16
_ORDER: Final[tuple[tuple[Kind, bool], ...]] = (
    ("unfinished", False),
    ("held", False),
    ("held", True),
    ("unfinished", True),
    ("draft", False),
    ("draft", True),
    ("broken draft", False),
    ("finished", False),
    ("finished", True),
)
"""Kinds and whether they are rehearsals, as they stand on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to go on with. `id` is unique on the page and stays the same.

    `at` is the stamp of the last record, or of when a draft was saved. `owner` holds the cluster
    now. `problem` says what is wrong with the file, `path` which file that is. `state` and
    `answers` are there after `look`; `ends` is when the certificates expire, where that is known.
    """

    id: str
    kind: Kind
    name: str
    path: Path
    rehearsal: bool = False
    at: str = ""
    owner: Owner | None = None
    draft: Draft | None = None
    busy: bool = False
    problem: str = ""
    fix: str = ""
    state: RunState | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    ends: datetime | None = None

    @property
    def is_cluster(self) -> bool:
        """Whether it has a folder with a journal, in contrast to a draft."""
        return self.kind in ("unfinished", "held", "finished", "damaged")

    @property
    def mine(self) -> bool:
        """Whether this very process works on it."""
        return self.owner is not None and self.owner.pid == os.getpid()

    @property
    def store(self) -> ClusterStore:
        """The folder of a cluster."""
        return ClusterStore(self.name, self.path.parent.parent)


def glance(root: Path, drafts: DraftBook) -> tuple[Entry, ...]:
    """All entries in the order of the page, each as far as it is known without its journal.

    Never raises for a broken file; UsageError when the state folder itself can't be read.
    """
    try:
        found = [
            *_clusters(root, rehearsal=False),
            *_clusters(root / REHEARSALS, rehearsal=True),
            *_drafts(drafts),
        ]
    except OSError as error:
        raise UsageError(
            f"{root} can't be read",
            why=error.strerror or str(error),
            fix="make it readable, or set HAUI_STATE_DIR to another folder",
        ) from error
    found.sort(key=lambda entry: entry.name)
    found.sort(key=lambda entry: entry.at, reverse=True)
    found.sort(key=lambda entry: _ORDER.index((entry.kind, entry.rehearsal)))
    return tuple(found)


def look(entry: Entry) -> Entry:
    """The entry with what its journal and its cluster file say. Never raises for a broken one."""
    if not entry.is_cluster:
        return entry
    store = entry.store
    answers = _answers(store)
    try:
        state = store.read_state()
    except HauiError as error:
        why = f"{error.what}: {error.why}" if error.why else error.what
        return replace(entry, kind="damaged", problem=why, fix=error.fix, answers=answers)
    ends = certificate_end(store.admin_conf) if state.outcome == "ok" else None
    kind: Kind = entry.kind
    if kind != "held":
        kind = "finished" if state.outcome == "ok" else "unfinished"
    at = state.last_at or entry.at
    return replace(entry, kind=kind, at=at, state=state, answers=answers, ends=ends)


def forget_rehearsal(entry: Entry) -> None:
    """Throw a rehearsal's folder away. Raises UsageError when a haui works on it, OSError."""
    store = entry.store
    if not entry.rehearsal or store.owner() is not None:
        raise UsageError(f"{entry.name} is in use", why=store.held_by())
    shutil.rmtree(store.folder)


def _clusters(root: Path, *, rehearsal: bool) -> list[Entry]:
    if not root.is_dir():
        return []
    found = []
    for path in root.iterdir():
        try:
            store = ClusterStore(path.name, root)
        except UsageError:
            continue
        if path.name != REHEARSALS and store.exists():
            found.append(_cluster(store, rehearsal=rehearsal))
    return found


def _cluster(store: ClusterStore, *, rehearsal: bool) -> Entry:
    last = _last_record(store.journal_path)
    owner = store.owner()
    kind: Kind = "unfinished"
    if owner is not None:
        kind = "held"
    elif last.get("event") == "run_finished" and last.get("outcome") == "ok":
        kind = "finished"
    at = last.get("at", "")
    return Entry(
        id=f"{'rehearsal' if rehearsal else 'cluster'}:{store.name}",
        kind=kind,
        name=store.name,
        path=store.journal_path,
        rehearsal=rehearsal,
        at=at if isinstance(at, str) else "",
        owner=owner,
    )


def _last_record(path: Path) -> Mapping[str, Any]:
    """The last record that can be read at the end of a journal, unchecked; empty without one."""
    try:
        # Without O_NONBLOCK a named pipe would be waited for.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            lines = file.read(_TAIL_BYTES).split(b"\n")
    except OSError:
        return {}
    for line in reversed(lines):
        if line.startswith(b"- {"):
            try:
                record = json.loads(line[2:])
            except (ValueError, RecursionError):
                continue  # The torn end of a journal that was being written.
            return record if isinstance(record, dict) else {}
    return {}


def _drafts(book: DraftBook) -> list[Entry]:
    return [
        Entry(
            id=f"draft:{each.id}",
            kind="draft" if each.draft else "broken draft",
            name=each.draft.name if each.draft else each.path.name,
            path=each.path,
            rehearsal=each.draft.rehearsal if each.draft else False,
            at=each.draft.saved if each.draft else "",
            draft=each.draft,
            busy=each.busy,
            problem=each.problem,
            answers=each.draft.answers if each.draft else {},
        )
        for each in book.list()
    ]


def _answers(store: ClusterStore) -> Mapping[str, Any]:
    """The cluster file as plain data, as far as it can be read."""
    from haui.clusterfile.load import parse, read_bytes
    from haui.clusterfile.yamltree import Fatal, decode

    try:
        found: object = parse(decode(read_bytes(store.cluster_yaml)), name="cluster.yaml").data
    except (Fatal, HauiError):
        return {}
    return found if isinstance(found, dict) else {}
