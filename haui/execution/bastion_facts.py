"""What this machine tells of itself before an install is led from here. Only reads."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from haui.spec import ClusterSpec

AGENT_S = 2.0
_TOOLS = ("kubectl", "helm")
_LIST, _LISTED = 11, 12
"""SSH_AGENTC_REQUEST_IDENTITIES and SSH_AGENT_IDENTITIES_ANSWER of the agent's protocol."""

Fact = tuple[str, str]


def facts(
    spec: ClusterSpec,
    folder: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    mounts: Path = Path("/proc/self/mounts"),
) -> Iterator[Fact]:
    """Key and value. `folder` is where the state of clusters is kept; it may not exist yet."""
    yield from _terminal()
    yield from _state(folder, mounts)
    keys = (spec.ssh.key, *(host.ssh.key for host in spec.hosts))
    for key in dict.fromkeys(key for key in keys if key):
        yield "key", f"{_mode(Path(key).expanduser())} {key}"
    if spec.ssh.agent:
        yield "agent", _agent(environ.get("SSH_AUTH_SOCK", ""))
    for tool in _TOOLS:
        if path := shutil.which(tool, path=environ.get("PATH")):
            yield "tool", f"{tool} {path}"
    for host in spec.hosts:
        if _is_own(host.address):
            yield "own", f"{host.name} ({host.address})"


def _terminal() -> Iterator[Fact]:
    try:
        size = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1)
    except (OSError, ValueError):
        return
    yield "terminal", f"{size.columns} {size.lines}"
    # Not sys.stdout: while pages are shown, that is what catches stray prints.
    yield "encoding", (getattr(sys.__stdout__, "encoding", None) or "").lower()


def _state(folder: Path, mounts: Path) -> Iterator[Fact]:
    yield "state.folder", str(folder)
    there = next((path for path in (folder, *folder.parents) if path.exists()), None)
    if there is None:
        return
    try:
        if there == folder:
            yield "state.mode", f"{stat.S_IMODE(folder.stat().st_mode):04o}"
        else:
            yield "state.mode", "0700"  # as it will be made
        usage = os.statvfs(there)
        yield "state.free.mb", str(usage.f_bavail * usage.f_frsize >> 20)
    except OSError:
        return
    yield from _file_system(there, mounts)


def _file_system(path: Path, mounts: Path) -> Iterator[Fact]:
    """The type of the file system that `path` is on: of the longest mount point above it."""
    try:
        real = path.resolve()
        rows = [line.split() for line in mounts.read_text(errors="replace").splitlines()]
    except OSError:
        return
    above = [
        (len(row[1]), row[2])
        for row in rows
        if len(row) > 2 and real.is_relative_to(row[1].replace("\\040", " "))
    ]
    if above:
        # Of those mounted on the same place, the last one counts.
        longest = max(length for length, _ in above)
        yield "state.filesystem", [kind for length, kind in above if length == longest][-1]


def _mode(key: Path) -> str:
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except FileNotFoundError:
        return "absent"
    except OSError:
        return "unreadable"
    return f"{mode:04o}" if key.is_file() and os.access(key, os.R_OK) else "unreadable"


def _agent(path: str) -> str:
    """How many keys the agent holds, or why it can't be asked."""
    if not path:
        return "SSH_AUTH_SOCK names no agent"
    try:
        with socket.socket(socket.AF_UNIX) as agent:
            agent.settimeout(AGENT_S)
            agent.connect(path)
            agent.sendall(struct.pack(">IB", 1, _LIST))
            head = b""
            while len(head) < 9 and (more := agent.recv(9 - len(head))):
                head += more
    except (OSError, ValueError) as error:
        return f"{path} does not answer: {error}"
    if len(head) < 9 or head[4] != _LISTED:
        return f"{path} does not answer as an agent"
    return str(struct.unpack(">I", head[5:9])[0])


def _is_own(address: str) -> bool:
    """Whether the address is one of this machine: only then it can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except (OSError, UnicodeError):
        return False
    return True
