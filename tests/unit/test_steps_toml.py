"""The TOML writer, read back by the standard library."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps import toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.one_of(
    TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.lists(TEXT), st.lists(st.booleans())
)
TABLES = st.recursive(
    st.dictionaries(TEXT, VALUES, max_size=4),
    lambda inner: st.dictionaries(TEXT, st.one_of(VALUES, inner), max_size=4),
    max_leaves=12,
)


@given(TABLES)
def test_what_is_written_is_read_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml.dump(table)) == table


def test_values_come_before_tables_and_names_are_quoted_when_they_must() -> None:
    table = {"a": {"x.y": 1, "sub": {"on": True}}, "version": 2}
    assert toml.dump(table) == 'version = 2\n\n[a]\n"x.y" = 1\n\n[a.sub]\non = true\n'


def test_an_empty_table_is_kept() -> None:
    assert tomllib.loads(toml.dump({"a": {"b": {}}})) == {"a": {"b": {}}}


def test_what_toml_can_not_say_is_refused() -> None:
    with pytest.raises(TypeError, match="None"):
        toml.dump({"a": None})
