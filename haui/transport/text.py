"""Remote text made safe to show: escapes out, secrets masked, lines of bounded length.

Everything that a host prints is hostile until it has been through here. Terminals act on escape
sequences and on 8-bit control characters even inside log widgets, and bidirectional overrides can
make a line read as something else than it says.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from haui.secret import MASK, Secret

LINE_LIMIT = 4000
"""Characters of one shown line."""

PENDING_LIMIT = 1 << 16
"""Characters kept of a line whose end has not come yet."""

_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC: titles, links, clipboard
    r"|\x9d[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # the same, 8-bit
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c)?"  # DCS SOS PM APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x1b[ -/]*[0-~]?"  # the other escapes
)
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LONE = "\ud800-\udfff"
"""Halves of surrogate pairs, e.g. of file names that are no UTF-8: no encoding takes them."""
_CONTROL = re.compile(rf"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029{_BIDI}{_LONE}]")
_DIRTY = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_BIDI}{_LONE}]")
_REPLACEMENT = "\ufffd"


def clean_line(raw: str, limit: int | None = LINE_LIMIT, *, keep_tabs: bool = False) -> str:
    """One line without escapes and control characters, at most `limit` characters and an ellipsis.

    Of a progress bar (carriage returns) the last state is kept. Control characters and
    bidirectional overrides become U+FFFD; tabs are expanded unless `keep_tabs`.
    """
    text = raw.rstrip("\r\n")
    if _DIRTY.search(text) or "\n" in text:
        text = _SEQUENCE.sub("", text)
        parts = [part for part in text.split("\r") if part]
        text = _CONTROL.sub(_REPLACEMENT, parts[-1] if parts else "")
    if not keep_tabs and "\t" in text:
        text = text.expandtabs(8)
    return text if limit is None or len(text) <= limit else text[:limit] + "…"


def clean_text(raw: str) -> str:
    """Several lines, each cleaned; tabs and the lines' length stay, since programs read them."""
    if not _DIRTY.search(raw):
        return raw
    return "\n".join(clean_line(line, None, keep_tabs=True) for line in raw.split("\n"))


_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY-----")
_PEM_LINES = 200
"""A private key block never has more lines (RSA 16384: 197); after that the mask is lifted."""

_TOKEN = re.compile(r"(?<![A-Za-z0-9.])[a-z0-9]{6}\.[a-z0-9]{16}(?![A-Za-z0-9.])")
"""A kubeadm bootstrap token (kubernetes/cluster-bootstrap BootstrapTokenPattern)."""

_CERTIFICATE_KEY = re.compile(r"(certificate-?key\W{0,8})[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE)
_LONE_KEY = re.compile(r"^(\s*)[0-9a-f]{64}\s*$")
_KEY_FOLLOWS = re.compile(r"certificate[ -]?key\W*$", re.IGNORECASE)


class Redactor:
    """Masks known secret values, kubeadm tokens, certificate keys and PEM private keys in lines.

    Works on whole cleaned lines and remembers what spans them (a PEM block, a certificate key on
    the line after its announcement), so feed it one stream's lines in order. A secret of several
    lines is masked line by line.
    """

    SHORTEST = 4
    """Values below this length are not masked: they would black out half of the output."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        known: set[str] = set()
        for secret in secrets:
            for line in secret.reveal().split("\n"):
                known |= {line.strip(), clean_line(line, None).strip()}
        values = sorted((v for v in known if len(v) >= self.SHORTEST), key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, values))) if values else None
        self._in_pem = 0
        self._key_follows = False

    def text(self, text: str) -> str:
        """A text of its own, line by line, whatever lines came before it."""
        self._in_pem, self._key_follows = 0, False
        return "\n".join(map(self.line, text.split("\n")))

    def line(self, text: str) -> str:
        """The line with secrets replaced by a mask."""
        if self._in_pem or "PRIVATE KEY-----" in text:
            return self._pem(text)
        if self._values:
            text = self._values.sub(MASK, text)
        text = _TOKEN.sub(MASK, text)
        text = _CERTIFICATE_KEY.sub(rf"\g<1>{MASK}", text)
        if self._key_follows:
            text = _LONE_KEY.sub(rf"\g<1>{MASK}", text)
        self._key_follows = bool(_KEY_FOLLOWS.search(text))
        return text

    def _pem(self, text: str) -> str:
        if not self._in_pem:
            begin = _PEM_BEGIN.search(text)
            if begin is None:
                return text
            head, rest = text[: begin.start()], text[begin.end() :]
            self._in_pem = 0 if _PEM_END.search(rest) else 1
            return head + MASK
        self._in_pem = 0 if _PEM_END.search(text) else self._in_pem + 1
        if self._in_pem > _PEM_LINES:
            self._in_pem = 0
        return MASK


class LineReader:
    """Turns a stream of bytes into cleaned, redacted lines, in bounded memory.

    Bytes that are no UTF-8 become backslash escapes. The result does not depend on how the stream
    was cut into pieces. Of a line longer than `PENDING_LIMIT` only the beginning is kept.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._redactor = redactor or Redactor()
        self._pending = ""

    def feed(self, data: bytes) -> tuple[str, ...]:
        """The lines that are complete now."""
        return self._lines(self._decoder.decode(data))

    def end(self) -> tuple[str, ...]:
        """What is left when the stream has ended."""
        lines = self._lines(self._decoder.decode(b"", True))
        if self._pending:
            lines += (self._finish(self._pending),)
            self._pending = ""
        return lines

    def _lines(self, text: str) -> tuple[str, ...]:
        *complete, rest = text.split("\n")
        if not complete:
            self._pending = (self._pending + rest)[: PENDING_LIMIT + 1]
            return ()
        complete[0] = self._pending + complete[0]
        self._pending = rest[: PENDING_LIMIT + 1]
        return tuple(self._finish(line) for line in complete)

    def _finish(self, line: str) -> str:
        line = line[: PENDING_LIMIT + 1]
        # Tabs stay: findings in the output of a measuring step are separated by them.
        text = self._redactor.line(clean_line(line, None, keep_tabs=True))
        return text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT] + "…"
