"""The safe YAML reader: limits hold, surprises are refused, lines are right."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from haui.clusterfile import yamltree as specyaml
from haui.clusterfile.load import load, load_text
from haui.clusterfile.yamltree import Fatal, read, resolve
from haui.errors import SpecError
from tests.unit.spec_samples import BASE, DATA, steady

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
)
REFUSED = {
    "a billion laughs": (LAUGHS, 1, "anchors and aliases"),
    "alias": ("a: 1\nb: *a\n", 2, "anchors and aliases"),
    "anchored key": ("a: 1\n&b c: 1\n", 2, "anchors and aliases"),
    "merge": ("a: {b: 1}\n<<: {c: 2}\n", 2, "merge keys"),
    "python tag": ("a: !!python/object/apply:os.system [id]\n", 1, "tag"),
    "own tag": ("a: !env HOME\n", 1, "tag"),
    "core tag": ("a: !!str 1\n", 1, "tag"),
    "second document": ("a: 1\n---\nb: 2\n", 2, "second YAML document"),
    "deep list": ("[" * 100_000, 1, "nested deeper"),
    "deep map": ('{"a":' * 100_000, 1, "nested deeper"),
    "deep block": ("- " * 100_000, 1, "nested deeper"),
    "deep repeated key": ("a: 1\na: " + "[" * 50_000, 2, "nested deeper"),
    "many values": ("[" + "1," * 200_000 + "]", 1, "more than 50000 values"),
    "large": ("#" * (1 << 20) + "\na: 1", 1, "larger than 1 MiB"),
    "tab": ("a:\n\tb: 1\n", 2, "a tab in the indentation"),
    "tab after blanks": ("a:\n  \tb: 1\n", 2, "a tab in the indentation"),
    "escape": ("a: x\nb: \x1b[31m\n", 2, "U+001B"),
    "nul": ("a: \x00\n", 1, "U+0000"),
    "list as key": ("? [a]\n: b\n", 1, "can't be a key"),
    "map as key": ("{{a: b}: c}\n", 1, "can't be a key"),
    "open quote": ('a: 1\nb: "x\n', 3, "not valid YAML"),
    "open list": ("a: [1, 2\n", 2, "not valid YAML"),
    "colon": ("a: b: c\n", 1, "not valid YAML"),
}


@pytest.mark.parametrize("loader", [specyaml._Loader, yaml.SafeLoader], ids=["fast", "pure"])
@pytest.mark.parametrize(("text", "line", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(
    text: str, line: int, words: str, loader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(specyaml, "_Loader", loader)
    with pytest.raises(Fatal) as caught:
        read(text)
    assert words in caught.value.problem.what
    assert abs(caught.value.problem.line - line) <= (1 if "not valid" in words else 0)


def test_a_bomb_is_refused_before_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser is asked for no more than the events up to the first anchor."""
    taken = []
    parse = yaml.parse

    def counted(text: str, Loader: Any) -> Any:
        for event in parse(text, Loader=Loader):
            taken.append(event)
            yield event

    monkeypatch.setattr(yaml, "parse", counted)
    with pytest.raises(Fatal):
        read(LAUGHS)
    assert len(taken) <= 6


SURPRISES = [
    *("yes", "No", "ON", "off", "y", "N", "0755", "0o17", "0x1F", "0b1", "1_000", "1_0.5"),
    *("22:30", "1:2:3", "1:20.5", "1e3", "1.5e3", ".inf", "-.INF", ".nan", "=", "9" * 19),
]


@pytest.mark.parametrize("word", SURPRISES)
def test_words_that_readers_disagree_on(word: str) -> None:
    (problem,) = read(f"a: 1\nb: {word}\n").problems
    assert (problem.path, problem.line) == ("b", 2)
    assert "quotes" in problem.what
    assert read(f"b: '{word}'\n").data == {"b": word}


VALUES: dict[str, object] = {
    "true": True, "False": False, "null": None, "~": None, "": None,
    "0": 0, "-3": -3, "+7": 7, "1.5": 1.5, "-1.0e+20": -1e20,
}  # fmt: skip
TEXTS = ("1.36.4", "10.0.0.0/8", "2026-01-02", "fd00::1", "tRUE", "yes please", "1.2.3:80", "12 h")


@pytest.mark.parametrize(
    ("word", "value"), [*VALUES.items(), *zip(TEXTS, TEXTS, strict=True)], ids=repr
)
def test_words_with_one_meaning(word: str, value: object) -> None:
    document = read(f"a: {word}\n")
    assert document.problems == []
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


@steady
@given(st.text(alphabet="0123456789+-._:eExXobBynofalsetruINFa~=", max_size=12))
def test_whatever_is_taken_as_text_is_text_for_pyyaml_too(word: str) -> None:
    """No file that we accept means something else to the other readers of YAML 1.1."""
    meaning, wrong = resolve(word)
    loader: Any = yaml.SafeLoader("")
    node: str = loader.resolve(yaml.ScalarNode, word, (True, False))
    if not wrong and isinstance(meaning, str) and not node.endswith("timestamp"):
        assert node == "tag:yaml.org,2002:str"


def test_lines_of_values_keys_and_gaps() -> None:
    document = read("a:\n  b:\n    1\n  c:\n    - x\n    - {d: 2}\n# end\n")
    assert document.line(("a", "b")) == 3
    assert document.line(("a", "c")) == 4
    assert document.line(("a", "c", 1)) == 6
    assert document.line(("a", "c", 1, "d")) == 6
    assert document.line(("a", "c", 1, "absent", 0)) == 6
    assert document.line(("absent",)) == 1


def test_repeated_keys_name_both_lines_and_the_first_counts() -> None:
    document = read("a: 1\nb:\n  x: 1\n  x: {deep: [1, 2]}\na: 2\n")
    assert [(p.path, p.line, p.what) for p in document.problems] == [
        ("b.x", 4, "stands here twice, first in line 3"),
        ("a", 5, "stands here twice, first in line 1"),
    ]
    assert document.data == {"a": 1, "b": {"x": 1}}


FRAMES = {
    "empty": ("", "atlas.yaml:1: is empty"),
    "comments": ("# nothing\n", "atlas.yaml:1: is empty"),
    "list": ("- a\n", "atlas.yaml:1: is not a map"),
    "text": ("hello\n", "atlas.yaml:1: is not a map"),
    "newer": ("name: a\nformat: haui/2\n", "atlas.yaml:2: format 'haui/2' is for a newer haui"),
    "other": ("format: kubespray\n", "atlas.yaml:1: format: 'kubespray' is not a format of haui"),
    "number": ("format: 1\n", "atlas.yaml:1: format: '1' is not a format of haui"),
}


@pytest.mark.parametrize(("text", "words"), FRAMES.values(), ids=FRAMES.keys())
def test_files_of_another_kind(text: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_text(text, name="atlas.yaml")
    assert caught.value.what.startswith(words)
    assert caught.value.exit_code == 3


def test_files_that_can_not_be_read(tmp_path: Any) -> None:
    with pytest.raises(SpecError, match="can't be read: No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="can't be read: Is a directory"):
        load(tmp_path)
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"name: a\n# caf\xe9\n")
    with pytest.raises(SpecError, match=r"latin\.yaml:2: byte 0xe9 is not UTF-8"):
        load(file)
    file.write_bytes(b"#" * (2 << 20))
    with pytest.raises(SpecError, match="larger than 1 MiB"):
        load(file)


def test_a_byte_order_mark_is_no_problem(tmp_path: Any) -> None:
    file = tmp_path / "atlas.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
    assert load(file).spec == load_text(BASE, name="x", base=DATA).spec


@steady
@given(st.text(max_size=200))
def test_any_text_ends_in_a_spec_error(text: str) -> None:
    with pytest.raises(SpecError):
        load_text(text, name="atlas.yaml")


@steady
@given(st.integers(0, len(BASE) - 1), st.sampled_from("\t\n\x00:-{}[]'\"&*!|>%@ x0,#?"))
def test_a_file_with_one_wrong_character_never_breaks_haui(at: int, char: str) -> None:
    try:
        load_text(BASE[:at] + char + BASE[at + 1 :], name="atlas.yaml", base=DATA)
    except SpecError as error:
        assert "atlas.yaml" in error.what
