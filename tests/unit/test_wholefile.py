"""Files that are there completely or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from haui.wholefile import write_whole


@pytest.mark.parametrize("wait", [True, False])
def test_the_old_file_is_replaced_by_a_private_one(wait: bool, tmp_path: Path) -> None:
    path = tmp_path / ("x" * 240)
    path.write_text("old and longer")
    path.chmod(0o644)
    write_whole(path, b"new", wait=wait)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"first", new=True)
    with pytest.raises(FileExistsError):
        write_whole(path, b"second", new=True)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_nothing_is_left_of_a_write_that_failed(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, call, full)
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
