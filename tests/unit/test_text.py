"""Remote text made safe: nothing that a terminal acts on, no secret, bounded length."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.secret import MASK, Secret
from haui.transport.text import (
    LINE_LIMIT,
    PENDING_LIMIT,
    LineReader,
    Redactor,
    clean_line,
    clean_text,
)

TOKEN = "abcdef.0123456789abcdef"
KEY = "0123456789abcdef" * 4
PEM = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEow", "AKCAQ", "-----END RSA PRIVATE KEY-----"]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain", "plain"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d0;title\x9ctext", "text"),
        ("\x1bP1$r0m\x1b\\text", "text"),
        ("\x90q\x9ctext", "text"),
        ("\x1b(Btext\x1b7\x1bc", "text"),
        ("10%\r50%\r100%", "100%"),
        ("done\r", "done"),
        ("done\r\n", "done"),
        ("50%\r\x1b[K", "50%"),
        ("a\tb", "a       b"),
        ("nul\x00bell\x07", "nul\ufffdbell\ufffd"),
        ("user\u202etxt.exe", "user\ufffdtxt.exe"),
        ("\u2066x\u2069\u200f\u061c", "\ufffdx\ufffd\ufffd\ufffd"),
        ("a\u2028b", "a\ufffdb"),
        ("[bold]kept[/bold]", "[bold]kept[/bold]"),
        ("ünïcödé 漢字 🚀", "ünïcödé 漢字 🚀"),
        ("\x1b", ""),
        ("\x1b[", ""),
        ("", ""),
    ],
)
def test_clean_line(raw: str, clean: str) -> None:
    assert clean_line(raw) == clean


def test_clean_line_cuts_long_lines() -> None:
    assert clean_line("x" * (LINE_LIMIT + 1)) == "x" * LINE_LIMIT + "…"
    assert clean_line("x" * LINE_LIMIT) == "x" * LINE_LIMIT


@given(st.text())
def test_nothing_dangerous_is_left(raw: str) -> None:
    text = clean_line(raw)
    assert len(text) <= LINE_LIMIT + 1
    assert not any(unicodedata.category(char) == "Cc" for char in text)
    assert not re.search("[\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)


@given(st.text())
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    assert clean_line(clean_line(raw)) == clean_line(raw)


def test_clean_text_keeps_tabs_and_long_lines() -> None:
    long = "y" * 9000
    assert clean_text(f"ok\twhat\x1b[1m\t{long}\nnext\r\n") == f"ok\twhat\t{long}\nnext\n"


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f"kubeadm join --token {TOKEN} x", f"kubeadm join --token {MASK} x"),
        (f"--certificate-key {KEY}", f"--certificate-key {MASK}"),
        (f"certificateKey: {KEY}", f"certificateKey: {MASK}"),
        ("the password is hunter22!", f"the password is {MASK}!"),
        (f"sha256:{KEY}", f"sha256:{KEY}"),
        ("a.b", "a.b"),
        ("pod-abcdef.0123456789abcdef0", "pod-abcdef.0123456789abcdef0"),
    ],
)
def test_redaction(line: str, masked: str) -> None:
    assert Redactor([Secret("hunter22"), Secret("a")]).line(line) == masked


def test_certificate_key_on_the_line_after_its_announcement() -> None:
    redactor = Redactor()
    assert redactor.line("[upload-certs] Using certificate key:").endswith("key:")
    assert redactor.line(KEY) == MASK
    assert redactor.line(KEY) == KEY


def test_private_key_blocks() -> None:
    redactor = Redactor()
    lines = ["before", *PEM, "after"]
    assert [redactor.line(line) for line in lines] == ["before", *[MASK] * 4, "after"]


def test_a_private_key_block_without_an_end_does_not_hide_everything() -> None:
    redactor = Redactor()
    redactor.line(PEM[0])
    shown = [redactor.line(f"line {n}") for n in range(300)]
    assert shown[0] == MASK
    assert shown[-1] == "line 299"


def test_a_secret_of_several_lines_is_masked_line_by_line() -> None:
    redactor = Redactor([Secret("first part\nsecond part\n")])
    assert redactor.line("x second part") == f"x {MASK}"


def test_a_secret_with_colour_in_it_is_found() -> None:
    reader = LineReader(Redactor([Secret("hunter22")]))
    assert reader.feed(b"hun\x1b[31mter22\n") == (MASK,)


pieces = st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=60)
SAMPLE = (
    f"start\ntoken {TOKEN} ünï\x1b[1mbold\x1b[0m\n\xff1%\r2%\nhunter22\n{PEM[0]}\n{PEM[1]}\n"
    f"{PEM[3]}\nkey: --certificate-key {KEY}\n\nlast"
).encode("utf-8", "surrogateescape") + b"\xff\xfe"


def read_in(data: bytes, sizes: list[int]) -> list[str]:
    reader = LineReader(Redactor([Secret("hunter22")]))
    lines: list[str] = []
    position = turn = 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        lines += reader.feed(data[position : position + size])
        position += size
        turn += 1
    return [*lines, *reader.end()]


@given(pieces)
def test_the_cut_into_chunks_does_not_matter(sizes: list[int]) -> None:
    lines = read_in(SAMPLE, sizes)
    assert lines == read_in(SAMPLE, [len(SAMPLE)])
    text = "\n".join(lines)
    assert TOKEN not in text
    assert KEY not in text
    assert "hunter22" not in text
    assert "MIIEow" not in text
    assert lines[-1] == "last\\xff\\xfe"


@given(st.binary(max_size=300), pieces)
def test_any_bytes_in_any_chunks(data: bytes, sizes: list[int]) -> None:
    assert read_in(data, sizes) == read_in(data, [len(data) + 1])


def test_a_line_without_an_end_stays_small() -> None:
    reader = LineReader()
    for _ in range(50):
        assert reader.feed(b"z" * 65536) == ()
    assert len(reader._pending) <= PENDING_LIMIT + 1
    assert reader.feed(b"\nnext\n") == ("z" * LINE_LIMIT + "…", "next")


def test_no_end_without_a_beginning() -> None:
    reader = LineReader()
    assert reader.feed(b"one\n") == ("one",)
    assert reader.end() == ()
