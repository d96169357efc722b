"""Where an exported preset goes: among the admin's own, or any file. Nothing is lost unasked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from haui.errors import UsageError
from haui.preset import check
from haui.preset_own import save_own
from haui.transport.text import clean_line
from haui.wholefile import write_whole

_TITLE = 90
"""The most characters of a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`path` is the file; `own` says that it is a preset of the admin's, known by its name."""

    path: Path
    own: bool

    @property
    def name(self) -> str:
        return self.path.stem


def target_of(typed: str, folder: Path) -> Target:
    """Where something is saved that was typed: a name is a preset in `folder`, else it is a path.

    Raises UsageError when nothing was typed, for a folder, and for a home that does not exist.
    """
    text = typed.strip()
    if not text:
        raise UsageError("a name is missing", fix="e.g. rack-7, or a path: ~/rack-7.yaml")
    if "\0" in text or not text.isprintable():
        raise UsageError("the name has characters that no file should have")
    if "/" not in text and not text.endswith((".yaml", ".yml")):
        return Target(path=folder / f"{text}.yaml", own=True)
    try:
        path = Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{text}: {error}") from error
    if text.endswith("/") or path.is_dir():
        raise UsageError(
            f"{path} is a folder", fix=f"write the file's name too: {path}/rack-7.yaml"
        )
    if path.parent == folder.absolute() and path.suffix == ".yaml":
        return Target(path=path, own=True)
    return Target(path=path, own=False)


def titled(text: str, title: str) -> str:
    """An exported preset with another title, its first comment line; the same for an empty one."""
    said = clean_line(title, _TITLE).strip()
    _, _, rest = text.partition("\n")
    return f"# {said}\n{rest}" if said and text.startswith("#") else text


def save(target: Target, text: str, *, overwrite: bool = False) -> Path:
    """Writes the file, mode 0600, all or nothing. Raises SpecError when the text is no preset.

    Raises UsageError when the file is there (unless `overwrite`) or can't be written.
    """
    if target.own:
        return save_own(target.name, text, own=target.path.parent, overwrite=overwrite)
    check(text, name=target.path.name)
    path = target.path
    try:
        write_whole(path, text.encode(), new=not overwrite)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", fix="Choose another name.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{path} can't be written", why=why, fix="Choose a folder that is there and writable."
        ) from error
    return path
