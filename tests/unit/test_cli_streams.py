"""What becomes of a command whose standard streams are closed, full, or read by nobody, and of one
without a home."""

from __future__ import annotations

import getpass
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from haui.cli.ending import code_of

SMALL = """
import sys
from haui.cli.ending import code_of
from haui.errors import UsageError

def command():
    print("data", flush=True)
    raise UsageError("there is no cluster atlas")

sys.exit(code_of(command))
"""
"""A command, without the time that it takes to import them all."""


def shell(redirection: str, *call: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Python with its streams changed by a shell: it starts no child with one closed."""
    return subprocess.run(
        ("sh", "-c", f'"$@" {redirection}', "sh", sys.executable, *call),
        env=os.environ | {"HAUI_STATE_DIR": str(folder)},
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "2>/dev/full"])
def test_streams_don_t_decide_how_a_command_ends(redirection: str, tmp_path: Path) -> None:
    done = shell(redirection, "-c", SMALL, folder=tmp_path)
    assert done.returncode == 2
    assert b"Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


def test_haui_itself_begins_so(tmp_path: Path) -> None:
    call = ("-m", "haui", "status", "atlas")
    assert shell("<&- >&- 2>&-", *call, folder=tmp_path).returncode == 2


def test_data_that_can_t_be_written_is_told_and_no_defect(tmp_path: Path) -> None:
    done = shell(">/dev/full", "-c", SMALL, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "haui: standard output can't be written: No space left on device\n"
    )
    assert not list(tmp_path.iterdir())


def test_nobody_who_reads_the_talk_is_no_success(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as gone:
        done = subprocess.run((sys.executable, "-c", SMALL), stderr=gone, timeout=60, check=False)
    assert done.returncode == 2


def test_an_account_needs_no_home_and_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> object:
        raise KeyError(uid)

    for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "")  # to be put back as they were
        monkeypatch.delenv(name)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    homes: list[Path] = []
    assert code_of(lambda: homes.append(Path.home())) == 0
    assert not homes[0].exists()
    assert getpass.getuser() == str(os.getuid())


def test_a_closed_stream_s_number_is_no_file_s(tmp_path: Path) -> None:
    code = (
        "import os; from haui.cli.streams import steady_streams; steady_streams();"
        "fd = os.open(os.devnull, os.O_RDONLY); os.write(1, b'x'); raise SystemExit(fd)"
    )
    done = subprocess.run(
        ("sh", "-c", '"$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code), check=False
    )
    assert done.returncode > 2


def test_pages_on_a_terminal_that_has_gone_are_written_all_the_same() -> None:
    """Textual writes them to `sys.__stderr__` in a thread; haui waited for ever when it ended."""
    code = (
        "import sys; from haui.cli.streams import steady_streams; steady_streams()\n"
        "for _ in range(100): sys.__stderr__.write('x' * 1000 + '\\n'); sys.__stderr__.flush()"
    )
    done = subprocess.run(
        ("sh", "-c", '"$@" 2>/dev/full', "sh", sys.executable, "-c", code), check=False
    )
    assert done.returncode == 0
