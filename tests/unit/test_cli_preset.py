"""`haui preset`: what it prints, and its exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from haui.preset import check
from tests.unit.command_line import caller
from tests.unit.test_cli import GOOD

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def haui(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Call:
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def call(*args: str) -> tuple[int, str, str]:
        said = caller(monkeypatch, capsys)("preset", *args)
        return said.code, said.out, said.err

    return call


def test_check_names_every_problem_with_its_line(haui: Call, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("profle: test\n" + "".join(f"x{number}: 1\n" for number in range(80)))
    code, out, err = haui("check", str(path))
    assert (code, out) == (3, "")
    assert [line.split(":")[2] for line in err.splitlines()] == [str(n) for n in range(1, 82)]
    assert f"haui: {path}:1: profle: is not a key" in err


def test_check_says_what_was_changed_of_an_older_format(haui: Call, tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text("format: haui/0\npod_cidr: 10.60.0.0/16\n")
    code, out, err = haui("check", str(path))
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        f"{path}: line 2: pod_cidr is network.pods now",
        f"{path}: valid",
    ]


def test_check_of_a_file_that_is_not_there(haui: Call, tmp_path: Path) -> None:
    code, out, err = haui("check", str(tmp_path / "none.yaml"))
    assert (code, out) == (3, "") and "can't be read" in err


def test_a_newer_format_is_refused_by_name(haui: Call, tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    path.write_text("format: haui/2\n")
    code, _, err = haui("check", str(path))
    assert code == 3 and "haui/2" in err and "newer haui" in err


def test_list_shows_own_presets_and_what_is_wrong_with_them(haui: Call, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "haui" / "presets"
    folder.mkdir(parents=True)
    (folder / "rack.yaml").write_text("# My rack\nprofile: test\n")
    (folder / "wrong.yaml").write_text("# Oops\nprofle: test\n")
    code, out, err = haui("list")
    assert code == 0
    assert any(line.split() == ["rack", "My", "rack"] for line in out.splitlines())
    assert err.startswith("haui: wrong can't be used: wrong.yaml:2: profle")


def test_export_keeps_addresses_only_when_asked(haui: Call, tmp_path: Path) -> None:
    path = tmp_path / "atlas.yaml"
    path.write_text(GOOD)
    code, out, _ = haui("export", str(path))
    assert code == 0 and "10.30.0" not in out and "api.atlas" not in out and check(out)
    code, out, _ = haui("export", str(path), "--addresses")
    assert code == 0 and "10.30.0.11" in out and "api.atlas.lan" in out
