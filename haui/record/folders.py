"""Whether a folder of haui's is there and its own, and what to tell when it is not."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from haui.errors import JournalError


def check_folder(folder: Path) -> None:
    """Raises JournalError for what is no folder, or one that others may change; OSError."""
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        raise JournalError(
            f"{folder} is not a folder of this account",
            fix="Move it away, or set HAUI_STATE_DIR to another folder.",
        )
    if info.st_mode & 0o022:
        raise JournalError(
            f"{folder} can be changed by other accounts",
            why=f"its mode is {stat.S_IMODE(info.st_mode):04o}",
            fix=f"See that nobody changed it, then: chmod 700 {shlex.quote(str(folder))}",
        )


def is_there(path: Path) -> bool:
    """Whether there is anything of that name: a link to nothing, or what can't be looked at, is
    something that must be told about and not begun anew."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def unreadable(path: Path, error: OSError) -> JournalError:
    """What to tell when a folder can't be listed."""
    return JournalError(
        f"{path} can't be read",
        why=error.strerror or str(error),
        fix="Make it readable for this account, or set HAUI_STATE_DIR to another folder.",
    )


def no_room(path: Path, error: OSError) -> JournalError:
    """What to tell when a file in a cluster's folder can't be written."""
    return JournalError(
        f"{path} can't be written",
        why=error.strerror or str(error),
        fix="Make room or make it writable, or set HAUI_STATE_DIR to another folder.",
    )
