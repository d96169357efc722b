"""The folder of a cluster: what is where, who may read it, and who works on it.

`$HAUI_STATE_DIR`, else `$XDG_STATE_HOME/haui`, else `~/.local/state/haui`, holds one folder per
cluster; folders have mode 0700 and files 0600, since the kubeconfig is among them.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haui.errors import JournalError, SpecError, UsageError
from haui.folders import REHEARSALS
from haui.printable import printable
from haui.record.folders import check_folder, is_there, no_room, unreadable
from haui.record.journal import Journal, read
from haui.record.lock import Lock, Owner, owner_of
from haui.record.reducer import replay
from haui.record.stamp import Now, utc_now
from haui.record.state import RunState
from haui.wholefile import sync_folder, write_whole

if TYPE_CHECKING:
    from haui.spec import ClusterSpec

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")


def state_root(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of all clusters; it may not exist yet.

    Raises UsageError for a relative one, for `~` of nobody, and for one that no message or file
    could name.
    """
    own = env.get("HAUI_STATE_DIR")
    xdg = env.get("XDG_STATE_HOME", "")
    try:
        if own:
            path = Path(own).expanduser()
        else:
            # The XDG base directory specification says that relative paths are to be ignored.
            base = Path(xdg) if xdg.startswith("/") else Path.home() / ".local" / "state"
            path = base / "haui"
    except RuntimeError as error:
        raise UsageError(
            f"there is no home folder for HAUI_STATE_DIR={own}",
            fix="Set HAUI_STATE_DIR to an absolute path, e.g. HAUI_STATE_DIR=/var/lib/haui-state",
        ) from error
    if not path.is_absolute():
        raise UsageError(
            f"HAUI_STATE_DIR is the relative path {own}",
            why="every haui would look for its clusters somewhere else",
            fix=f"Make it absolute, e.g. HAUI_STATE_DIR={shlex.quote(str(Path.cwd() / path))}",
        )
    if printable(str(path)) != str(path):
        raise UsageError(
            f"the path of haui's folder holds a character that is not seen: {printable(str(path))}",
            fix="Set HAUI_STATE_DIR to another path, without line breaks and control characters.",
        )
    return path


@dataclass(frozen=True, slots=True)
class ClusterStore:
    """The folder of the cluster `name`. Making one of these touches nothing; `create` does.

    Raises UsageError for a name that can't be a folder's.
    """

    name: str
    root: Path

    def __init__(self, name: str, root: Path | None = None) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is no cluster name",
                fix="Use lower-case letters, digits and hyphens, e.g. atlas.",
            )
        if name == REHEARSALS:
            raise UsageError(f"{name} is the folder of haui's rehearsals", fix="Take another name.")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "root", root or state_root())

    @property
    def folder(self) -> Path:
        return self.root / self.name

    @property
    def cluster_yaml(self) -> Path:
        return self.folder / "cluster.yaml"

    @property
    def journal_path(self) -> Path:
        return self.folder / "journal.yaml"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def admin_conf(self) -> Path:
        return self.folder / "admin.conf"

    @property
    def report(self) -> Path:
        return self.folder / "report.md"

    @property
    def lock_path(self) -> Path:
        return self.folder / "lock"

    def log(self, host: str) -> Path:
        """The log file of one host."""
        return self.logs / f"{host}.log"

    def exists(self) -> bool:
        """Whether there is something to resume, show or verify."""
        return is_there(self.cluster_yaml) or is_there(self.journal_path)

    def create(self) -> None:
        """Makes the folder, or checks the one that is there. Raises JournalError."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.folder, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
                check_folder(folder)
            sync_folder(self.root)
        except OSError as error:
            raise no_room(self.folder, error) from error

    def lock(self, command: str, *, now: Now = utc_now) -> Lock:
        """Makes this process the only one that works on the cluster, until the lock is closed.

        `command` is shown to others. Raises JournalError that says who holds it.
        """
        self.create()
        return Lock.take(self.lock_path, cluster=self.name, command=command, now=now)

    def owner(self) -> Owner | None:
        """Who works on the cluster now; for showing only. Never takes the lock."""
        return owner_of(self.lock_path)

    def held_by(self) -> str:
        """As `owner`, as a text; empty when nobody does."""
        owner = self.owner()
        return str(owner) if owner else ""

    def open_journal(self, *, now: Now = utc_now) -> Journal:
        """The cluster's journal, a new one when there is none. Hold the lock."""
        if is_there(self.journal_path):
            return Journal.open(self.journal_path, now=now)
        return Journal.create(self.journal_path)

    def read_state(self) -> RunState:
        """The last run, from the journal; also while another process writes it.

        An empty state when nothing has been run yet. Raises JournalError for a bad journal.
        """
        if not is_there(self.journal_path):
            return RunState()
        return replay(read(self.journal_path).events())

    def load_spec(self) -> ClusterSpec:
        """The answers that the cluster was installed with. Raises SpecError."""
        from haui.clusterfile import load as specfile

        if not is_there(self.cluster_yaml):
            path = shlex.quote(str(self.cluster_yaml))
            raise SpecError(
                f"{self.cluster_yaml} is missing, which says what {self.name} is made of",
                fix="Put it back from a backup, or copy the file there that it was installed from:"
                f" cp FILE {path}",
            )
        return specfile.load(self.cluster_yaml).spec

    def write_private(self, name: str, content: bytes) -> Path:
        """Replaces the file `name` in the folder, all or nothing, mode 0600, and on disk.

        Raises JournalError when it can't; the old content is still there then.
        """
        if Path(name).name != name:
            raise ValueError(f"not a plain file name: {name}")
        path = self.folder / name
        try:
            write_whole(path, content)
        except OSError as error:
            raise no_room(path, error) from error
        return path


SETTLED = ("ok", "never run", "reset", "partly reset")
"""The states of clusters that nothing has to be continued for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of `haui list`. `status` is running, damaged, never run, or how the run ended
    (`RunState.word`)."""

    name: str
    status: str
    last_at: str = ""
    settled: int = 0
    total: int = 0
    run: str = ""
    problem: str = ""

    def to_json(self) -> dict[str, object]:
        """For `haui list --json`."""
        return {
            "name": self.name,
            "status": self.status,
            "last_at": self.last_at,
            "settled": self.settled,
            "total": self.total,
            "run": self.run,
        } | ({"problem": self.problem} if self.problem else {})


def list_clusters(root: Path | None = None) -> tuple[Entry, ...]:
    """All clusters by name; a damaged one is listed with its problem, not raised.

    Raises JournalError when the state folder itself can't be read.
    """
    root = root or state_root()
    try:
        names = sorted(path.name for path in root.iterdir() if _NAME.fullmatch(path.name))
        names = [name for name in names if name != REHEARSALS]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise unreadable(root, error) from error
    stores = [ClusterStore(name, root) for name in names]
    return tuple(_entry(store) for store in stores if store.exists())


def find_cluster(name: str | None = None, root: Path | None = None) -> ClusterStore:
    """The named cluster; without a name the only one, or the only unfinished one.

    Raises UsageError when there is no such cluster, or more than one could be meant.
    """
    root = root or state_root()
    entries = list_clusters(root)
    if name is not None:
        store = ClusterStore(name, root)
        if store.exists():
            return store
        raise UsageError(
            f"there is no cluster {name} in {root}",
            why=_names(entries) or "there is none at all",
            fix="`haui list` shows all; `haui apply FILE` installs a new one.",
        )
    unfinished = [entry for entry in entries if entry.status not in SETTLED]
    for candidates in (entries, tuple(unfinished)):
        if len(candidates) == 1:
            return ClusterStore(candidates[0].name, root)
    raise UsageError(
        "say which cluster" if entries else f"there is no cluster in {root}",
        why=_names(entries),
        fix=f"e.g. {entries[0].name}" if entries else "`haui apply FILE` installs one.",
    )


def _names(entries: tuple[Entry, ...]) -> str:
    return "\n".join(f"{entry.name}  {entry.status}" for entry in entries)


def _entry(store: ClusterStore) -> Entry:
    try:
        state = store.read_state()
    except JournalError as error:
        return Entry(name=store.name, status="damaged", problem=error.render())
    if store.owner() is not None:
        status = "running"
    elif not state.run:
        status = "never run"
    else:
        status = state.word
    return Entry(
        name=store.name,
        status=status,
        last_at=state.last_at,
        settled=state.done,
        total=state.total,
        run=state.run,
    )
