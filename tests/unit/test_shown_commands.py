"""Commands in messages are words for a shell, whatever stands in a path."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from haui.errors import HauiError
from haui.record.folders import check_folder
from haui.record.journal_file import open_private, read
from haui.record.store import state_root

ODD = "my $(disk)'s; x"


def _foreign(folder: Path) -> Path:
    path = folder / "journal.yaml"
    path.write_text("not: ours\n")
    path.chmod(0o600)
    read(path)
    return path


def _a_pipe(folder: Path) -> Path:
    path = folder / "journal.yaml"
    os.mkfifo(path, 0o600)
    open_private(path, os.O_RDONLY)
    return path


def _for_others(folder: Path) -> Path:
    path = folder / "lock"
    path.touch()
    path.chmod(0o666)
    open_private(path, os.O_RDONLY)
    return path


def _open_folder(folder: Path) -> Path:
    folder.chmod(0o777)
    check_folder(folder)
    return folder


def _relative(folder: Path) -> Path:
    os.chdir(folder)
    return state_root({"HAUI_STATE_DIR": "state"})


@pytest.mark.parametrize(
    ("broken", "command", "name"),
    [
        (_foreign, r"\((mv .*)\)", "journal.yaml"),
        (_a_pipe, r"(mv .*) …", "journal.yaml"),
        (_for_others, r"(chmod .*)", "lock"),
        (_open_folder, r"(chmod .*)", ""),
        (_relative, r"HAUI_STATE_DIR=(.*)", "state"),
    ],
)
def test_paths_are_words(
    broken: Callable[[Path], Path],
    command: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ODD
    folder.mkdir()
    with pytest.raises(HauiError) as caught:
        broken(folder)
    found = re.search(command, caught.value.fix)
    assert found is not None, caught.value.fix
    assert str(folder / name) in shlex.split(found[1])
