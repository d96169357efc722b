"""`haui` as it is installed, in a terminal: first paint, leaving, and what it leaves behind."""

from __future__ import annotations

import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from rich.cells import cell_len

from haui.record.store import ClusterStore
from haui.transport.text import clean_line
from screens.ascii_filter import in_ascii
from tests.screens.ptys import HAUI, Terminal, environment, terminal
from tests.screens.worlds import HOSTILE

ENTER, LEAVE, CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"
QUIT = "\x11"
COLOURS = re.compile(rb"\x1b\[([0-9;:]*)m")


def assert_restored(screen: Terminal) -> None:
    """The alternate screen is left for good, the cursor shown, the mouse given back."""
    assert screen.written.count(ENTER) == 1
    assert screen.written.rfind(LEAVE) > screen.written.rfind(ENTER)
    assert screen.written.rfind(CURSOR) > screen.written.rfind(b"\x1b[?25l")
    assert screen.written.rfind(b"\x1b[?1000l") >= screen.written.rfind(b"\x1b[?1000h")
    assert screen.written.rfind(b"\x1b[?2004l") > screen.written.rfind(b"\x1b[?2004h")


def test_the_installed_command_paints_and_leaves(tmp_path: Path) -> None:
    """80x24: the welcome page at once, ctrl+q leaves with 0, the terminal is as before."""
    with terminal([HAUI], environment(tmp_path)) as screen:
        screen.see("New cluster")
        screen.see("Rehearse")
        assert ENTER in screen.written
        screen.press(QUIT)
        assert screen.end() == 0
        assert_restored(screen)
        assert "Traceback" not in screen.text()
    assert not list((tmp_path / "state").rglob("*.json")), "a look at haui leaves no draft"


def test_a_bare_console_gets_plain_signs_and_few_colours(tmp_path: Path) -> None:
    """TERM=linux, NO_COLOR=1, LANG=C: ASCII alone, and nothing beyond the sixteen colours."""
    bare = environment(tmp_path, TERM="linux", NO_COLOR="1", LANG="C", LC_ALL="C", COLORTERM="")
    with terminal([HAUI], bare) as screen:
        screen.see("New cluster")
        screen.press("n")
        screen.see("Stacked etcd")
        screen.press(QUIT)
        assert screen.end() == 0
        assert_restored(screen)
        strange = sorted({chr(byte) for byte in screen.written if byte > 126})
        assert not strange
        used = {code for found in COLOURS.finditer(screen.written) for code in _codes(found[1])}
        assert not used & {38, 48}, "colours of 256 or more"
        assert not used & {*range(31, 37), *range(41, 47), *range(91, 97)}, "NO_COLOR"


def test_a_console_of_sixteen_colours_gets_no_more(tmp_path: Path) -> None:
    """The theme of the plain console stays within what it can show."""
    with terminal([HAUI], environment(tmp_path, TERM="linux", COLORTERM="")) as screen:
        screen.see("New cluster")
        screen.press("n")
        screen.see("Stacked etcd")
        screen.press(QUIT)
        assert screen.end() == 0
        assert not any(byte > 126 for byte in screen.written)
        for found in COLOURS.finditer(screen.written):
            assert not {38, 48} & set(_codes(found[1])), found.group()


def test_over_ssh_without_tmux_the_welcome_page_says_what_follows(tmp_path: Path) -> None:
    """A lost connection loses nothing, and the admin knows that before."""
    remote = environment(tmp_path, SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 22")
    with terminal([HAUI], remote) as screen:
        screen.see("over SSH without tmux")
        screen.press(QUIT)
        assert screen.end() == 0


def test_a_narrow_terminal_is_told_so(tmp_path: Path) -> None:
    """Too small for any page: a notice, and ctrl+q works all the same."""
    with terminal([HAUI], environment(tmp_path), columns=40, lines=10) as screen:
        screen.see("too small")
        screen.press(QUIT)
        assert screen.end() == 0
        assert_restored(screen)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.thorough),
    ],
)
def test_a_signal_in_the_middle_of_an_install_leaves_in_good_order(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """The terminal as before, the way on is said, the lock is free, nothing goes on by itself."""
    rehearse = [HAUI, "rehearse", "--hosts", "3", "--speed", "5"]
    with terminal(rehearse, environment(tmp_path)) as screen:
        screen.see("tasks laid out")
        screen.press("i")
        screen.see("Not yet")
        screen.press("y")
        journal = tmp_path / "state" / "rehearsals" / "rehearsal" / "journal.yaml"
        screen.until(lambda: journal.exists() and "task_intent" in journal.read_text(), "a change")
        screen.process.send_signal(number)
        assert screen.end() == code
        assert_restored(screen)
        said = screen.written[screen.written.rfind(LEAVE) :].decode()
    assert not left_running(tmp_path), "the simulated hosts outlive haui"
    assert "Continue with: haui rehearse" in said
    assert "Traceback" not in said
    store = ClusterStore("rehearsal", tmp_path / "state" / "rehearsals")
    assert store.owner() is None
    state = store.read_state()
    assert state.open_attempts()
    assert not state.ended


def test_a_terminal_that_is_gone_ends_haui(tmp_path: Path) -> None:
    """The other end of the pty is closed, as by a lost connection."""
    with terminal([HAUI], environment(tmp_path)) as screen:
        screen.see("New cluster")
        screen.press("n")
        screen.see("Stacked etcd")
        screen.press("atlas")
        drafts = tmp_path / "state" / ".drafts"
        screen.until(lambda: any("atlas" in p.read_text() for p in drafts.glob("*.json")), "a name")
        screen.hang_up()
        assert screen.process.wait(60) == 129
    assert not list((tmp_path / "state").glob("crash-*"))


@pytest.mark.parametrize("how", ["--plain", "ACCESSIBLE"])
def test_the_plain_form_never_takes_the_screen(how: str, tmp_path: Path) -> None:
    """A question on a line, and no control of the screen at all."""
    plain = environment(tmp_path, **({} if how == "--plain" else {how: "1"}))
    with terminal([HAUI, *([how] if how == "--plain" else [])], plain) as screen:
        screen.until(lambda: "?" in screen.text(), "a question")
        assert ENTER not in screen.written


@pytest.mark.parametrize("text", [*map(clean_line, HOSTILE), "▂▇ 1\xa02 ▼ „ﬁ” éß ‖ ½ e\u0301"])
def test_every_text_has_a_form_in_ascii_of_the_same_width(text: str) -> None:
    """Whatever comes from outside: plain, and nothing moves."""
    assert in_ascii(text).isascii()
    assert cell_len(in_ascii(text)) == cell_len(text)


def left_running(folder: Path) -> list[str]:
    """The processes that work in that folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            found += [command] if str(folder) in command else []
    return found


def _codes(parameters: bytes) -> list[int]:
    """The numbers of a colour sequence; those of 38 and 48 included."""
    return [int(part) for part in re.split(rb"[;:]", parameters) if part]
