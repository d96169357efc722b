"""Files with hosts: what a path may become, and the text behind it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from haui.transport.text import clean_line
from haui.wizard.hostlists.ansible import is_inventory
from haui.wizard.hostlists.csvhosts import is_csv
from haui.wizard.hostlists.result import MAX_CHARS
from haui.wizard.hostlists.sshconfig import is_ssh_config

MOST_BYTES = 4 * MAX_CHARS
"""The largest file that is read; every character may take four bytes."""

MOST_NAMES = 2000
"""How many names of a folder are looked at."""


class UnreadableFile(Exception):
    """Why a file gives no text, as half a sentence."""


def read_text(path: str) -> str:
    """The text of a file. Raises UnreadableFile with the reason; never waits for a device."""
    try:
        where = Path(path.strip()).expanduser()
        about = where.stat()
        if stat.S_ISDIR(about.st_mode):
            raise UnreadableFile("is a folder; name a file in it")
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableFile("is no ordinary file")
        if about.st_size > MOST_BYTES:
            raise UnreadableFile(f"is larger than a host list may be ({MOST_BYTES >> 20} MiB)")
        data = where.read_bytes()
    except FileNotFoundError:
        raise UnreadableFile("does not exist") from None
    except PermissionError:
        raise UnreadableFile("may not be read by this user") from None
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(f"can't be read: {clean_line(why)}") from None
    return decoded(data)


def decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark. Raises UnreadableFile when it is no text."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"is not text (byte {error.start + 1} is not UTF-8)") from None
    if "\0" in text:
        raise UnreadableFile("is not text (it holds zero bytes)")
    return text


def kind_of(text: str, name: str) -> str:
    """What the text is taken for."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("csv", "tsv"):
        return "table (CSV)"
    if ending != "ini" and is_ssh_config(text):
        return "SSH configuration"
    if ending in ("ini", "yml", "yaml", "json") or is_inventory(text):
        return "Ansible inventory"
    return "table (CSV)" if is_csv(text) else "lines"


def completions(typed: str) -> list[str]:
    """The paths that begin as typed, folders with a slash at the end, in order."""
    folder, slash, start = typed.rpartition("/")
    try:
        where = Path((folder + slash) or ".").expanduser()
        with os.scandir(where) as entries:
            names = [entry for entry, _ in zip(entries, range(MOST_NAMES), strict=False)]
        found = [
            entry.name + ("/" if entry.is_dir() else "")
            for entry in names
            if entry.name.startswith(start) and (start or not entry.name.startswith("."))
        ]
    except (OSError, ValueError, RuntimeError):
        return []
    shown = [name for name in sorted(found) if name.isprintable()]
    return [folder + slash + name for name in shown]


def completed(typed: str) -> str:
    """What typed is completed to: as far as all that begin so agree."""
    if typed == "~":
        return "~/"
    found = completions(typed)
    if not found:
        return typed
    first, last = found[0], found[-1]
    same = (a == b for a, b in zip(first, last, strict=False))
    return first[: next((place for place, equal in enumerate(same) if not equal), len(first))]
