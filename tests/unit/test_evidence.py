"""Facts of a reading: what is in them, whatever a host prints; and readings of a run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.evidence import KEY_VALUES, VALUE_CHARS, Evidence, Facts, Reading, facts_text, reading_of
from haui.host import Completed
from tests.unit.spec_samples import steady

BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""What Python also takes for the end of a line."""
keys = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1, max_size=20)
values = st.text(max_size=80)
lists_of_facts = st.lists(st.tuples(keys, values), max_size=30)


def facts_of(*values: str) -> Facts:
    return Facts("".join(f"k\t{value}\n" for value in values))


def test_values_are_those_of_their_key_in_order() -> None:
    facts = Facts("a\t1\nb\t2\na\t 3 \na\t\nnoise\nend\tok\n")
    assert facts.one("a") == "1"
    assert facts.all("a") == ("1", "3")
    assert facts.one("c") is None
    assert facts.all("c") == ()
    assert facts.one("noise") is None
    assert facts.keys == ("a", "b", "end")


def test_an_empty_value_is_none() -> None:
    assert facts_of("", "x").one("k") == "x"
    assert facts_of("", " ").one("k") is None
    assert facts_of("", " ").all("k") == ()


def test_only_the_first_tab_ends_the_key() -> None:
    assert Facts("k\ta\tb\n").one("k") == "a\tb"
    assert Facts("k\ta\tb\n").rows("k", 2) == (("a", "b"),)


def test_lines_of_windows_are_lines() -> None:
    assert Facts("a\t1\r\nend\tok\r\n").one("a") == "1"


@pytest.mark.parametrize("sign", BREAKS)
def test_only_a_newline_begins_another_fact(sign: str) -> None:
    facts = Facts(f"hostname\tcp1{sign}arch\triscv64\n")
    assert facts.keys == ("hostname",)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("", False),
        ("a\t1\n", False),
        ("a\tend\n", False),
        ("a\t1\nend", False),
        ("a\t1\nend\tok\n", True),
        ("a\t1\nend\t\n", True),
        ("end\tok", True),
    ],
)
def test_complete_is_what_came_to_its_end(text: str, complete: bool) -> None:
    assert Facts(text).complete is complete


def test_long_values_are_cut() -> None:
    assert facts_of("x" * VALUE_CHARS).one("k") == "x" * VALUE_CHARS
    assert facts_of("x" * (VALUE_CHARS + 1)).one("k") == "x" * VALUE_CHARS


def test_many_values_are_left_out_of_one_key_alone() -> None:
    facts = Facts("k\tv\n" * (KEY_VALUES + 1) + "other\tv\nend\tok\n")
    assert len(facts.all("k")) == KEY_VALUES
    assert facts.one("other") == "v"
    assert facts.complete


@pytest.mark.parametrize(
    ("value", "number", "count"),
    [
        ("0", 0.0, 0),
        ("42", 42.0, 42),
        ("-7", -7.0, -7),
        ("3.99", 3.99, 3),
        ("-3.99", -3.99, -3),
        ("1e3", 1000.0, 1000),
        ("1e308", 1e308, int(1e308)),
        ("1e309", None, None),
        ("-1e309", None, None),
        ("inf", None, None),
        ("nan", None, None),
        ("0x10", None, None),
        ("1,5", None, None),
        ("12 MB", None, None),
        ("9" * 400, None, None),
        ("²", None, None),
        ("", None, None),
    ],
)
def test_numbers(value: str, number: float | None, count: int | None) -> None:
    assert facts_of(value).number("k") == number
    assert facts_of(value).count("k") == count


@pytest.mark.parametrize(
    ("value", "yes"),
    [("yes", True), ("no", False), ("Yes", None), ("1", None), ("", None), ("yes no", None)],
)
def test_yes_and_no(value: str, yes: bool | None) -> None:
    assert facts_of(value).yes("k") is yes
    assert Facts().yes("k") is None


@pytest.mark.parametrize(
    ("value", "width", "row"),
    [
        ("a", 1, ("a",)),
        ("a b c", 1, ("a b c",)),
        ("a b c", 2, ("a", "b c")),
        ("a   b c", 3, ("a", "b", "c")),
        ("a b", 3, None),
        ("", 1, None),
    ],
)
def test_rows(value: str, width: int, row: tuple[str, ...] | None) -> None:
    assert facts_of(value).rows("k", width) == ((row,) if row else ())


@steady
@given(lists_of_facts)
def test_what_is_written_is_what_is_read(told: list[tuple[str, str]]) -> None:
    facts = Facts(facts_text(told))
    assert facts.complete
    for key in {key for key, _ in told}:
        kept = (" ".join(value.split()) for name, value in told if name == key)
        assert facts.all(key)[: -1 if key == "end" else None] == tuple(v for v in kept if v)
    assert {*facts.keys} == {key for key, _ in told} | {"end"}


@steady
@given(st.text(), st.text(), st.integers(1, 12))
def test_no_text_is_too_odd(text: str, key: str, width: int) -> None:
    facts = Facts(text)
    number, count = facts.number(key), facts.count(key)
    assert number is None or math.isfinite(number)
    assert (number is None) is (count is None)
    assert all(len(row) == width and all(row) for row in facts.rows(key, width))
    assert facts.one(key) in (None, *facts.all(key))
    assert facts.yes(key) in (None, True, False)


def test_evidence_keeps_the_newest_reading() -> None:
    evidence = Evidence()
    assert evidence.reading("s", "cp1") is None
    evidence.keep("s", "cp1", Reading("a\t1\n"))
    evidence.keep("s", "cp1", Reading("a\t2\n"))
    evidence.keep("t", "cp2", Reading("a\t3\n"))
    assert {name: reading.facts.one("a") for name, reading in evidence.of("s").items()} == {
        "cp1": "2"
    }
    assert evidence.of("other") == {}


def test_what_is_worked_out_of_all_readings_is_worked_out_once() -> None:
    evidence, made = Evidence(), []

    def make(about: str, readings: object) -> int:
        made.append(about)
        return len(made)

    evidence.keep("s", "cp1", Reading(""))
    evidence.keep("t", "cp1", Reading(""))
    about = "this cluster"
    assert [evidence.derive("s", about, make) for _ in range(3)] == [1, 1, 1]
    evidence.keep("t", "cp1", Reading(""))
    assert evidence.derive("s", about, make) == 1, "another step's reading"
    evidence.keep("s", "cp2", Reading(""))
    assert evidence.derive("s", about, make) == 2, "another host's reading"
    assert evidence.derive("s", "another cluster", make) == 3


def test_a_script_s_answer_is_a_reading() -> None:
    said = Completed(
        status=3, stdout="a\t1\n", stderr="oops", asked=1.0, answered=2.0, noise="hello"
    )
    assert reading_of(said) == Reading("a\t1\n", 3, "oops", 1.0, 2.0, "hello")
