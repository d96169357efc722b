"""The admin's own presets: saved and deleted; a broken file is left for its owner to mend."""

from __future__ import annotations

import re
from pathlib import Path

from haui.errors import SpecError, UsageError
from haui.preset import check, check_file, is_shipped, own_folder
from haui.wholefile import write_whole

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")


def save_own(name: str, text: str, *, own: Path | None = None, overwrite: bool = False) -> Path:
    """`<name>.yaml` in the admin's folder of presets, mode 0600, all or nothing; its path.

    Raises SpecError when the text is no preset, and when a file of that name is there that is
    broken: it is never overwritten. Raises UsageError for a name that can't be used, for one that
    is there already (unless `overwrite`), and when the file can't be written.
    """
    path = _path(name, own)
    check(text, name=path.name)
    try:
        if path.exists() and overwrite:
            check_file(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, "written", error) from error
    try:
        write_whole(path, text.encode(), new=not overwrite)
    except FileExistsError as error:
        raise UsageError(
            f"there is a preset {path.stem!r} of yours already", fix="Choose another name."
        ) from error
    except OSError as error:
        raise _refused(path, "written", error) from error
    return path


def delete_own(name: str, *, own: Path | None = None) -> Path:
    """Takes away a preset of the admin's, also a broken one. Raises SpecError, UsageError."""
    path = _path(name, own)
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise SpecError(f"there is no preset {name!r} of yours", fix="haui preset list") from error
    except OSError as error:
        raise _refused(path, "deleted", error) from error
    return path


def _path(name: str, own: Path | None) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a preset",
            fix="Use lower-case letters, digits, dots and hyphens, e.g. rack-7.",
        )
    if is_shipped(name):
        raise UsageError(f"{name} is a preset that ships with haui", fix="Choose another name.")
    return (own_folder() if own is None else own) / f"{name}.yaml"


def _refused(path: Path, verb: str, error: OSError) -> UsageError:
    return UsageError(
        f"{path} can't be {verb}",
        why=error.strerror or str(error),
        fix="Make room or make the folder writable.",
    )
