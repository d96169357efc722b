"""Artefacts that take minutes to build, kept between runs.

An artefact is a folder made by one script. Its name carries a hash of everything that went into it
(script, settings, the artefacts it is made from), so changing a recipe rebuilds that artefact and
those made from it, and nothing else. It is built under a temporary name and renamed when complete:
a folder with the final name is therefore always whole, whatever was killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from tests.lab.paths import HERE, SCRIPTS

#: A script and all it starts die with us, and its mounts are seen by nobody else: whatever the
#: moment of a kill, only a folder under tmp/ is left, which the next build removes.
CONTAINED = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
)


class BuildFailed(Exception):
    """An artefact's script ended with an error; the text holds the end of its log."""


@dataclass(frozen=True)
class Artefact:
    """One folder in the cache and the recipe that makes it."""

    name: str
    script: str
    settings: Mapping[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ()
    #: Files of the repository that the script reads.
    helpers: Sequence[str] = ()
    #: Folder below extra/ whose files go in, when a contributor has put some there.
    extra: Sequence[str] = ()
    #: Run in an empty network namespace, where any port is free.
    offline: bool = False


class Cache:
    """The artefacts of one cache folder."""

    def __init__(self, root: Path, recipes: Sequence[Artefact]) -> None:
        self.root = root
        self.recipes = {recipe.name: recipe for recipe in recipes}

    def key(self, name: str) -> str:
        """Hash of all that decides what the artefact contains."""
        recipe = self.recipes[name]
        digest = hashlib.sha256((SCRIPTS / recipe.script).read_bytes())
        for helper in recipe.helpers:
            digest.update((HERE / helper).read_bytes())
        for file in sorted(f for folder in recipe.extra for f in self.extra(folder)):
            status = file.stat()
            digest.update(f"\0{file.name}:{status.st_size}:{status.st_mtime_ns}".encode())
        for setting, value in sorted(recipe.settings.items()):
            digest.update(f"\0{setting}={value}".encode())
        for need in sorted(recipe.needs):
            digest.update(f"\0{need}:{self.key(need)}".encode())
        return digest.hexdigest()[:12]

    def path(self, name: str) -> Path:
        """Where the complete artefact is, or will be."""
        return self.root / f"{name}-{self.key(name)}"

    def extra(self, folder: str) -> list[Path]:
        """What a contributor has placed in one of the folders below extra/."""
        place = self.root / "extra" / folder
        return sorted(f for f in place.iterdir() if f.is_file()) if place.is_dir() else []

    def missing(self) -> list[str]:
        """Artefacts that a build would have to make."""
        return [name for name in self.recipes if not self.path(name).is_dir()]

    def build(self, say: Callable[[str], None]) -> None:
        """Make what is missing, two at a time, each as soon as its parts are there."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._locked(), ThreadPoolExecutor(max_workers=2) as pool:
            shutil.rmtree(self.root / "tmp", ignore_errors=True)
            graph = TopologicalSorter({r.name: r.needs for r in self.recipes.values()})
            graph.prepare()
            running: dict[Future[None], str] = {}
            while graph.is_active():
                for name in graph.get_ready():
                    running[pool.submit(self._make, name, say)] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    graph.done(running.pop(future))

    def _make(self, name: str, say: Callable[[str], None]) -> None:
        target = self.path(name)
        if target.is_dir():
            return
        recipe = self.recipes[name]
        draft = self.root / "tmp" / name
        (draft / "out").mkdir(parents=True)
        (draft / "work").mkdir()
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(draft / "work"),
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "OUT": str(draft / "out"),
            "WORK": str(draft / "work"),
            "SCRIPTS": str(SCRIPTS),
            "EXTRA": str(self.root / "extra"),
            "PYTHON": sys.executable,
            "REPOSITORY": str(HERE.parent.parent),
            **{f"FROM_{n.upper().replace('-', '_')}": str(self.path(n)) for n in recipe.needs},
            **{k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")},
            **recipe.settings,
        }
        log = self.root / "logs" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        say(f"building {name} (log: {log})")
        started = time.monotonic()
        network = ("unshare", "--net", "--") if recipe.offline else ()
        with log.open("wb") as sink:
            rc = subprocess.run(
                [*CONTAINED, *network, "bash", str(SCRIPTS / recipe.script)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if rc != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
            raise BuildFailed(f"{name}: {recipe.script} ended with {rc}; its log ends:\n{tail}")
        (draft / "out").rename(target)
        shutil.rmtree(draft)
        for older in self.root.glob(f"{name}-" + "[0-9a-f]" * 12):
            if older != target:
                shutil.rmtree(older)
        say(f"built {name} in {time.monotonic() - started:.0f} s")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one build at a time: two would throw each other's drafts away."""
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
