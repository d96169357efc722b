"""Hostile text, and a probe that sees what of it would reach the terminal."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color
from textual.drivers.headless_driver import HeadlessDriver

from haui.app import HauiApp
from screens.control_filter import NoControls
from tests.screens.worlds import HOSTILE

STOLEN = "stolen"
_STOLEN64 = base64.b64encode(STOLEN.encode()).decode()

PAYLOADS = (
    f"\x1b[38;5;201mall\x1b]52;c;{_STOLEN64}\x07 \x9b31m \u202ee\u202c [/x] [bold]b[/bold] \udce9",
    *HOSTILE,
    "\x1b[38;5;201mpink\x1b[2J\x1b[99;99Hmoved\x1b[?1049l",
    f"\x1b]52;c;{_STOLEN64}\x07 \x1b]52;c;{_STOLEN64}\x1b\\",
    "\x1b]8;;http://evil.example/\x1b\\link\x1b]8;;\x1b\\ [link=http://evil.example/]l[/link]",
    f"\x1bP+q544e\x1b\\ \x1b]2;{STOLEN}\x07 \x1b_apc\x1b\\ \x1b^pm\x1b\\ \x1bc",
    f"\x9b31m \x9d52;c;{_STOLEN64}\x9c \x90q\x9c \x85 \x84",
    "bell\x07 back\x08\x08\x08space cr\rreturn vt\x0bff\x0cdel\x7fnul\x00so\x0esi\x0f",
    "two\nlines\r\nand\ttabs",
    "\u2066isolate\u2069 \u200fright\u200e \u061c \u2028line\u2029",
    "zero\u200bwidth\u200d\u2060joiner\ufeff \xadsoft",
    "宽" * 30 + "👩‍👩‍👧 e" + "\u0301" * 40,
    "half \ud800 a pair \udce9",
    "x" * 10_000,
    r"[/] [/etc/kubernetes] [bold] [] [[ ]] \[ \[/] [$error] [on red] {} {0} {name} %s %(x)d",
    "[@click=app.quit]x[/] [@click=screen.dismiss]y[/]",
    "[preflight] Running pre-flight checks",
    "[WARNING Swap]: swap is on",
)
"""Every kind of text that has done harm to a terminal program."""

LITERAL = "[a] "
"""Stands before each text; where the screen shows the text at all, this is seen as it is."""

ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What no text on a screen may hold. The invisible ones are the last door's affair alone."""

_OWN = re.compile(
    r"\x1b\[\d+;\d+H"  # where the text goes
    r"|\x1b\[(?:[0-9]|3[0-79]|4[0-79]|9\d|10\d|[34]8;2;\d+;\d+;\d+|[34]8;5;\d+|;|53|55|2[1-9])*m"
    r"|\x1b\[\?(?:2026|25)[hl]"
    r"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse's pointer
    r"|\n(?=\x1b\[\d+;\d+H)"  # between two lines
)
_CLIPBOARD = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
_TITLE = re.compile(r"\x1b\]2;([^\x00-\x1f\x7f-\x9f]*)\x07")

_FRAGMENTS = st.sampled_from(
    [*PAYLOADS[:-5], "\x1b", "\x1b]", "\x1b[", "\x9b", "\x9d", "[", "]", "[/"]
)
TEXTS = st.lists(_FRAGMENTS | st.text(max_size=12), min_size=1, max_size=4).map("".join)
"""Pieces of the above in any order, and any other text between them."""


class Texts:
    """Hands out hostile texts in turn: each place that asks gets another one."""

    def __init__(self, payloads: tuple[str, ...] = PAYLOADS, start: int = 0) -> None:
        self._payloads = payloads
        self._next = count(start)

    def __call__(self) -> str:
        return LITERAL + self._payloads[next(self._next) % len(self._payloads)]


class _Door(NoControls):
    """The last door; it tells what it had to hold back, which a screen should have cleaned."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[str] = set()

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        self.held |= {text for text, _, control in segments if control or ACTING.search(text)}
        return super().apply(segments, background)


class Probe:
    """Everything that the app has written to its terminal, and what the last door held back."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.door = _Door()
        self.checked = 0

    def guard(self, app: HauiApp) -> None:
        """Stand at the app's last door."""
        app._doors = [self.door if isinstance(d, NoControls) else d for d in app._doors]

    def check(self, app: HauiApp, where: str) -> None:
        """Fail when foreign text acts, or could."""
        if app.crash is not None:
            raise app.crash
        for data in self.written[self.checked :]:
            found = acting_in(data)
            assert not found, f"{where}: written: {found}"
        self.checked = len(self.written)
        assert not self.door.held, f"{where}: not cleaned by the screen: {sorted(self.door.held)}"
        for strip in app.screen._compositor.render_strips():
            for text, style, control in strip:
                assert not control, where
                assert not ACTING.search(text), f"{where}: {text!r}"
                assert style is None or not style.link, f"{where}: a link on {text!r}"
                assert style is None or "@click" not in (style.meta or {}), f"{where}: {text!r}"


def acting_in(data: str) -> str:
    """What in the data that is written to a terminal is not haui's own; empty when all is."""
    if data in ("", "\x07"):
        return ""
    copied = [base64.b64decode(found).decode() for found in _CLIPBOARD.findall(data)]
    for text in (*copied, *_TITLE.findall(data)):
        if text == STOLEN or ACTING.search(text.replace("\n", "").replace("\t", "")):
            return repr(text)
    rest = _TITLE.sub("", _CLIPBOARD.sub("", data))
    for own in _OWN.findall(rest):
        if "38;5;201" in own or own == "\x1b[99;99H":
            return repr(own)
    found = ACTING.search(_OWN.sub("", rest))
    return repr(rest[max(0, found.start() - 30) : found.end() + 30]) if found else ""


@contextmanager
def probed() -> Iterator[Probe]:
    """Apps that are run within have a terminal that remembers what is written to it."""
    probe = Probe()

    class Terminal(HeadlessDriver):
        """Takes what a real one would get."""

        @property
        def is_headless(self) -> bool:
            return False

        def write(self, data: str) -> None:
            probe.written.append(data)

        def flush(self) -> None:
            pass

    with patch("textual.drivers.headless_driver.HeadlessDriver", Terminal):
        yield probe


def screen_text(app: HauiApp) -> str:
    """The screen as characters, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(part.text for part in line) for line in lines)
