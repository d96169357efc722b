"""The report bundle: what somebody who helps needs to see, in one archive without secrets.

It is written beside the admin and goes nowhere by itself. Names, addresses and the hosts' output
are in it; the answers are in it as a preset, without addresses unless they are asked for. Every
text is masked again, with the secrets that are known by now.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import sys
import tarfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from haui import __version__
from haui.documents.logtail import tail
from haui.documents.redact import redact_state, redact_text
from haui.documents.report import report
from haui.documents.report_file import failure_output
from haui.errors import JournalError
from haui.plan import to_json
from haui.preset import export
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.secret import Secret
from haui.spec import ClusterSpec
from haui.step import Plan
from haui.wholefile import write_whole

LOG_LINES = 500
PART_LIMIT = 2 << 20
"""Bytes of one file in the archive; of larger ones the end is kept."""

TOTAL_LIMIT = 32 << 20
"""Bytes of all files together, unpacked; logs that don't fit any more are left out, and named."""

_SHOWN = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "TMUX", "SSH_TTY", "NO_COLOR")
_PACKAGES = ("asyncssh", "cryptography", "pydantic", "pyyaml", "rich", "textual")


def write_bundle(
    store: ClusterStore,
    *,
    spec: ClusterSpec,
    state: RunState,
    plan: Plan,
    out_dir: Path,
    now: datetime,
    secrets: Iterable[Secret] = (),
    addresses: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Path:
    """`haui-<cluster>-<stamp>.tar.gz` in `out_dir`, mode 0600, all or nothing; its path.

    `secrets` are masked wherever they stand. `addresses` keeps the cluster file's addresses in
    cluster.yaml (the report, the plan and the logs hold them anyway). Raises JournalError when the
    archive can't be written or the record can't be read.
    """
    known = tuple(secrets)
    name = f"haui-{spec.name}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    try:
        parts = _documents(store, spec, state, plan, now, known, addresses)
        parts["versions.txt"] = _versions(environ)
        written = _as_written(known)
        parts = {part: redact_text(text, written) for part, text in parts.items()}
        _add_logs(parts, store, spec, state, known)
        return _written(out_dir, name, parts, now)
    except OSError as error:
        raise JournalError(
            f"the report bundle can't be written to {out_dir}",
            why=str(error),
            fix="Name another folder, or make room there.",
        ) from error


def _documents(
    store: ClusterStore,
    spec: ClusterSpec,
    state: RunState,
    plan: Plan,
    now: datetime,
    secrets: tuple[Secret, ...],
    addresses: bool,
) -> dict[str, str]:
    shown = redact_state(state, secrets)
    text = report(
        spec,
        shown,
        plan=plan,
        now=now,
        kubeconfig=store.admin_conf,
        output=failure_output(store, state, secrets),
    )
    return {
        "report.md": text,
        "plan.json": json.dumps(to_json(plan), indent=1) + "\n",
        "cluster.yaml": export(spec, addresses=addresses),
        "journal.yaml": _end_of(store.journal_path),
    }


def _as_written(secrets: tuple[Secret, ...]) -> tuple[Secret, ...]:
    """The secrets, also in the ways in which JSON and the journal write texts."""
    texts = [secret.reveal() for secret in secrets]
    escaped = [json.dumps(t, ensure_ascii=ascii)[1:-1] for t in texts for ascii in (True, False)]
    return (*secrets, *(Secret(text) for text in dict.fromkeys(escaped)))


def _end_of(path: Path) -> str:
    """A text file, of a large one its last lines; empty when there is none. Raises OSError."""
    return "".join(f"{line}\n" for line in tail(path, sys.maxsize, limit_bytes=PART_LIMIT))


def _add_logs(
    parts: dict[str, str],
    store: ClusterStore,
    spec: ClusterSpec,
    state: RunState,
    secrets: tuple[Secret, ...],
) -> None:
    """The end of every host's log as far as there is room, those with failures first."""
    room = TOTAL_LIMIT - sum(len(text.encode("utf-8", "replace")) for text in parts.values())
    troubled = {
        host
        for host, views in state.tasks.items()
        if any(view.status in ("failed", "unknown") for view in views.values())
    }
    hosts = sorted((host.name for host in spec.hosts), key=lambda name: name not in troubled)
    left_out: list[str] = []
    for host in hosts:
        try:
            lines = tail(store.log(host), LOG_LINES, limit_bytes=PART_LIMIT)
        except OSError as error:  # whoever helps wants the rest all the same
            left_out.append(f"{host} (can't be read: {error.strerror})")
            continue
        text = redact_text("\n".join(lines), secrets)
        room -= len(text.encode("utf-8", "replace"))
        if room < 0:
            left_out.append(host)
        elif lines:
            parts[f"logs/{host}.log"] = text + "\n"
    if left_out:
        parts["logs/LEFT-OUT.txt"] = "".join(f"{line}\n" for line in left_out)


def _versions(environ: Mapping[str, str]) -> str:
    """haui, Python, this machine's system and terminal; nothing that names the admin."""
    lines = [f"haui {__version__}", f"Python {platform.python_version()}"]
    lines += [f"{name} {_version(name)}" for name in _PACKAGES]
    lines.append(f"{platform.system()} {platform.release()} {platform.machine()}")
    try:
        lines.append(platform.freedesktop_os_release().get("PRETTY_NAME", ""))
    except OSError:
        lines.append("no os-release")
    lines += [f"{name}={environ[name]}" for name in _SHOWN if environ.get(name)]
    return "".join(f"{line}\n" for line in lines)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _written(out_dir: Path, name: str, parts: Mapping[str, str], now: datetime) -> Path:
    path = out_dir / f"{name}.tar.gz"
    write_whole(path, _archive(name, parts, int(now.timestamp())))
    return path


def _archive(folder: str, parts: Mapping[str, str], moment: int) -> bytes:
    """The same parts at the same moment give the same bytes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for part, text in parts.items():
            data = text.encode("utf-8", "backslashreplace")
            entry = tarfile.TarInfo(f"{folder}/{part}")
            entry.size, entry.mode, entry.mtime = len(data), 0o600, moment
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), mtime=moment)
