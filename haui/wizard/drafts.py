"""The drafts on this machine: listed, begun, opened by one haui at a time, thrown away."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haui.errors import SpecError, UsageError
from haui.record.stamp import Now, stamp, utc_now
from haui.wizard.desk import Desk
from haui.wizard.draft import Draft, read_draft

FOLDER = ".drafts"
"""In the state folder; no cluster's name begins with a dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEntry:
    """A draft as the welcome page shows it. `problem` is why it can't be opened, if so."""

    id: str
    path: Path
    draft: Draft | None = None
    problem: str = ""
    busy: bool = False


class DraftBook:
    """All drafts of a state folder."""

    def __init__(self, root: Path, *, now: Now = utc_now) -> None:
        self.folder = root / FOLDER
        self._now = now

    def list(self) -> tuple[DraftEntry, ...]:
        """Every draft, the last saved first; broken ones at the end, with their problem."""
        if not self.folder.is_dir():
            return ()
        entries = [self._entry(path) for path in sorted(self.folder.glob("*.json"))]
        entries.sort(key=lambda entry: entry.draft.saved if entry.draft else "", reverse=True)
        return tuple(entries)

    def new(
        self, answers: Mapping[str, Any] | None = None, *, rehearsal: bool = False, origin: str = ""
    ) -> Desk:
        """Begin a draft. Raises UsageError when its folder can't be made."""
        begun = stamp(self._now())
        id_ = f"{begun[:10]}-{secrets.token_hex(4)}"
        draft = Draft(
            id=id_, answers=dict(answers or {}), rehearsal=rehearsal, origin=origin, begun=begun
        )
        return self._desk(draft)

    def open(self, id_: str) -> Desk:
        """Go on with a draft. Raises SpecError for a broken one, UsageError for a busy one."""
        return self._desk(read_draft(self._path(id_)))

    def discard(self, id_: str) -> None:
        """Throw a draft away; its desk has to be closed."""
        self._path(id_).unlink(missing_ok=True)
        self._lock_path(id_).unlink(missing_ok=True)

    def _desk(self, draft: Draft) -> Desk:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._lock_path(draft.id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(
                f"{self.folder} can't be written",
                why=error.strerror or str(error),
                fix="make room or make it writable, or set HAUI_STATE_DIR to another folder",
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise UsageError(
                "another haui has this draft open", fix="go on there, or begin a new one"
            ) from None
        return Desk(draft, self._path(draft.id), now=self._now, lock=lock)

    def _entry(self, path: Path) -> DraftEntry:
        try:
            draft = read_draft(path)
        except SpecError as error:
            return DraftEntry(id=path.stem, path=path, problem=error.what)
        return DraftEntry(id=path.stem, path=path, draft=draft, busy=self._busy(path.stem))

    def _busy(self, id_: str) -> bool:
        try:
            lock = os.open(self._lock_path(id_), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            return False
        finally:
            os.close(lock)

    def _path(self, id_: str) -> Path:
        return self.folder / f"{id_}.json"

    def _lock_path(self, id_: str) -> Path:
        return self.folder / f"{id_}.lock"
