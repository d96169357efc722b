"""Text from outside as it may be printed: nothing in it acts on a terminal, or hides there."""

from __future__ import annotations

import re
from typing import Final

ODD: Final = (
    r"\x00-\x1f\x7f-\x9f"  # control characters, line breaks among them
    r"\xad\u180e\u200b\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # not to be seen
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # change the direction of what stands around
    r"\u2028\u2029"  # line breaks for some
    r"\ud800-\udfff"  # halves of surrogate pairs, which no encoding takes
)
"""The characters, for use inside of `[…]` in a regular expression. U+200C and U+200D stay, which
Persian, Indian scripts and emoji need."""

_BRIEF = 60
_ODD = re.compile(f"[{ODD}]")
_ODD_IN_TEXT = re.compile(rf"(?![\n\t])[{ODD}]")


def printable(text: str) -> str:
    r"""One line with every odd character as `\x1b`, `\u202e` or `\U000e0001`."""
    return _ODD.sub(_escape, text)


def brief(text: str) -> str:
    """The same, at most 60 characters of the text and an ellipsis."""
    return printable(text if len(text) <= _BRIEF else text[: _BRIEF - 1] + "…")


def printable_text(text: str) -> str:
    """The same for several lines: line breaks and tabs stay."""
    return _ODD_IN_TEXT.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
