"""The wizard asks about the registry only where haui sets one up."""

from __future__ import annotations

import pytest

from haui.wizard.answers import Answers
from haui.wizard.ask_registry import has_registry
from haui.wizard.questions import on_page


def asked(answers: Answers) -> set[tuple[str | int, ...]]:
    return {question.loc for question in on_page("cluster", answers)}


def test_its_questions_follow_the_role() -> None:
    without = asked({"hosts": [{"name": "wk1", "roles": ["worker"]}]})
    having = asked({"hosts": [{"name": "rg1", "roles": ["registry"]}]})
    assert ("registry", "archive") in having - without
    assert ("supply", "images", "username") in having - without
    assert not [loc for loc in without if loc[0] == "registry"]


@pytest.mark.parametrize(
    "hosts", [None, "rg1", [], ["rg1"], [{}], [{"roles": "registry"}], [{"roles": None}], {"a": 1}]
)
def test_half_an_answer_is_no_registry(hosts: object) -> None:
    assert not has_registry({"hosts": hosts})
