"""Writing a file so that it is there completely or not at all, for this account alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, new: bool = False, wait: bool = True) -> None:
    """Replaces the file, mode 0600; when it returns the file is on disk, unless it does not `wait`.

    `new` never replaces one: FileExistsError. Raises OSError; the old file is still there then.
    """
    fd, temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            if wait:
                file.flush()
                os.fsync(fd)
        if new:
            path.hardlink_to(temporary)  # Unlike a rename it fails when the name is taken.
        else:
            Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    if wait:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a new or renamed file's name durable (fsync(2) of the folder)."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
