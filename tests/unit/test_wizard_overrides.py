"""What is let pass, in the answers."""

from __future__ import annotations

import pytest

from haui.clusterfile.text import dump
from haui.preset import rehearsal_spec
from haui.preset_export import export, export_draft
from haui.spec import ClusterSpec
from haui.wizard.check import spec_of
from haui.wizard.overrides import LOC, let_pass, overrides_of, refused, taken_back
from steps.checks import check
from tests.screens.worlds import complete_answers

ALL = ("cp1", "cp2")


def test_some_hosts_are_named_and_all_are_not() -> None:
    assert let_pass({}, "a.b", ("cp1",), ALL, "why") == {"a.b@cp1": "why"}
    assert let_pass({}, "a.b", ALL, ALL, "why") == {"a.b": "why"}
    assert let_pass({}, "a.b", ("cp1",), ("cp1",), "why") == {"a.b@cp1": "why"}
    before = {"a.b@cp1": "old", "x.y": "kept"}
    assert let_pass(before, "a.b", ALL, ALL, "new") == {"x.y": "kept", "a.b": "new"}


def test_taking_back_leaves_other_checks_and_hosts() -> None:
    before = {"a.b@cp1": "one", "a.b@cp2": "two", "x.y@cp1": "three"}
    assert taken_back(before, "a.b", ("cp1",)) == {"a.b@cp2": "two", "x.y@cp1": "three"}
    assert taken_back({"a.b": "all"}, "a.b", ("cp1",)) == {}


@pytest.mark.parametrize("reason", ["", "  ", "x", "two\nlines", "\x1b[31mred"])
def test_a_reason_must_say_something(reason: str) -> None:
    assert refused(reason)


def test_what_is_taken_counts_in_the_cluster_file() -> None:
    reason = "a test machine"
    assert not refused(reason)
    answers = complete_answers()
    answers["preflight"] = {"overrides": let_pass({}, "sizes.memory", ("cp1",), ALL, reason)}
    spec = spec_of(answers, files=False)
    assert spec is not None
    assert check.override_of(spec, "sizes.memory", "cp1") == reason
    assert "sizes.memory@cp1: a test machine" in dump(spec)
    assert overrides_of(answers) == {"sizes.memory@cp1": reason}
    assert overrides_of({"preflight": {"overrides": "wrong"}}) == {}
    assert LOC == ("preflight", "overrides")


@pytest.mark.parametrize("addresses", [False, True])
def test_no_preset_lets_anything_pass(addresses: bool) -> None:
    data = rehearsal_spec(hosts=3).model_dump(mode="json")
    data["preflight"]["overrides"] = {"sizes.memory": "a test machine"}
    assert "test machine" not in export(ClusterSpec(**data), addresses=addresses)
    answers = {**complete_answers(), "preflight": {"overrides": {"sizes.memory": "a test machine"}}}
    assert "preflight" not in export_draft(answers, addresses=addresses)
