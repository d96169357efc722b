"""What to do about causes that any program can meet: no room, no memory, a disk that lets nobody
write.

A script advises on what it knows itself ("look at the package sources"), which misleads when the
true cause is one of these; so they come first. The texts are those of errno (strerror(3): ENOSPC,
EDQUOT, EROFS, ENOMEM) and of apt and dnf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from haui.execution.transient import both_ends

_NO_ROOM = re.compile(
    r"no space left on device|disk quota exceeded|you don't have enough free space"
    r"|(?:at least|needs) \d+[KMG]B more space",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?<![\w:/.])(/[A-Za-z0-9_+@%.-]+(?:/[A-Za-z0-9_+@%.-]+)*)")
"""An absolute path; what follows a host's name or a scheme (https://h/p) is none."""
_CAUSES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        # inotify(7): ENOSPC stands for the user's limit on watches, too.
        re.compile(r"inotify.*no space left on device", re.IGNORECASE),
        (
            "Raise fs.inotify.max_user_watches on {host} with sysctl (it is not the disk that is "
            "full), then run haui resume."
        ),
    ),
    (
        re.compile(r"read-only file system", re.IGNORECASE),
        (
            "A file system of {host} is mounted read-only, mostly after an error of its disk: see "
            "dmesg there, repair it and mount it for writing, then run haui resume."
        ),
    ),
    (
        re.compile(r"cannot allocate memory|out of memory", re.IGNORECASE),
        "Give {host} more memory, or stop what else runs there (free -m), then run haui resume.",
    ),
)


def remedy(lines: Iterable[str], host: str) -> str:
    """What a person has to do on that host; empty when the lines name none of these causes."""
    said = [both_ends(line) for line in lines]
    full = [line for line in said if _NO_ROOM.search(line) and "inotify" not in line.lower()]
    if full:
        return _room(full, host)
    found = (text for pattern, text in _CAUSES if any(pattern.search(line) for line in said))
    return next(found, "").format(host=host)


def _room(lines: Iterable[str], host: str) -> str:
    """The file system is told by the last path that was named."""
    paths = [path for line in lines for path in _PATH.findall(line)]
    if not paths:
        return f"Make room on {host} (df -h says which file system is full), then run haui resume."
    parts = paths[-1].rstrip(".").split("/")
    place = "/".join(parts[:4])
    return (
        f"Make room on {host} in the file system of {place} (df -h {place}), then run haui resume."
    )
