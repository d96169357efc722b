"""The questions: each fills a field that exists, reads what it shows, and never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.clusterfile.messages import field_at
from haui.clusterfile.problem import Loc
from haui.wizard.answers import Answers, value_at, with_value
from haui.wizard.check import problems_of, refused
from haui.wizard.pages import PAGES, page_of
from haui.wizard.questions import (
    HOST_QUESTIONS,
    QUESTIONS,
    Question,
    effective,
    on_page,
    question_at,
)

EVERY = (*QUESTIONS, *HOST_QUESTIONS)
KEPT = {"endpoint": {"kind": "external", "virtual_router_id": 7, "name": "api.atlas.lan"}}


@pytest.mark.parametrize("question", EVERY, ids=lambda question: question.id)
def test_each_question_fills_a_documented_field(question: Question) -> None:
    place = question.place or question.loc
    found = field_at(place)
    assert found is not None
    assert found[0] == place[-1]
    assert question.help
    assert question.example


@pytest.mark.parametrize("question", EVERY, ids=lambda question: question.id)
def test_what_is_shown_is_read_again(question: Question) -> None:
    value = question.read(question.example)
    assert question.read(question.show(value)) == value


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_each_question_is_on_the_page_of_its_place(question: Question) -> None:
    assert page_of(question.loc) == question.page
    found = question_at(question.loc)
    assert found is not None
    assert (found.loc, found.page) == (question.loc, question.page)


@pytest.mark.parametrize("topology", ["single", "stacked", "external"])
@pytest.mark.parametrize("kind", ["keepalived-haproxy", "keepalived-nginx", "kube-vip", "external"])
def test_a_place_is_asked_for_once_and_its_answer_counts(topology: str, kind: str) -> None:
    answers = {
        "topology": {"kind": topology},
        "endpoint": {"kind": kind, "placement": "load-balancer"},
    }
    asked = [question.loc for question in on_page("endpoint", answers)]
    assert len(set(asked)) == len(asked)
    counts = value_at(effective(answers), ("endpoint", "placement"))
    assert counts == ("load-balancer" if ("endpoint", "placement") in asked else None)


@given(st.sampled_from(EVERY), st.text(max_size=60))
def test_any_text_is_read(question: Question, text: str) -> None:
    question.show(question.read(text))


def test_choices_are_values_of_the_field_with_one_recommendation_at_most() -> None:
    for question in EVERY:
        values = [choice.value for choice in question.choices]
        assert len(set(values)) == len(values)
        assert sum(choice.recommended for choice in question.choices) <= 1
        assert (question.kind == "choice") <= bool(values)


def test_every_page_but_the_last_two_and_the_hosts_asks_something() -> None:
    silent = {page.id for page in PAGES if not on_page(page.id, {})}
    assert silent == {"hosts", "preflight", "review"}


def test_bgp_is_asked_about_only_where_it_is_spoken() -> None:
    answers = {"endpoint": {"kind": "kube-vip", "mode": "bgp"}}
    assert "endpoint.bgp.peers" in {q.id for q in on_page("endpoint", answers)}
    answers["endpoint"]["kind"] = "keepalived-haproxy"
    assert "endpoint.bgp.peers" not in {q.id for q in on_page("endpoint", answers)}


def test_routers_are_typed_as_pairs() -> None:
    question = question_at(("endpoint", "bgp", "peers"))
    assert question is not None
    assert question.read("10.0.0.1=65001, x") == [{"address": "10.0.0.1", "asn": 65001}, "x"]
    assert question.show([{"address": "10.0.0.1", "asn": 65001}]) == "10.0.0.1=65001"


def test_an_answer_that_is_not_asked_any_more_is_kept_but_does_not_count() -> None:
    counted = effective(KEPT)
    assert value_at(counted, ("endpoint", "virtual_router_id")) is None
    assert value_at(KEPT, ("endpoint", "virtual_router_id")) == 7
    assert value_at(counted, ("endpoint", "port")) == 6443


def test_the_port_follows_the_placement_until_it_is_answered() -> None:
    assert value_at(effective({}), ("endpoint", "port")) == 8443
    apart = {"endpoint": {"placement": "load-balancer"}}
    assert value_at(effective(apart), ("endpoint", "port")) == 6443
    assert value_at(effective({"endpoint": {"port": 7443}}), ("endpoint", "port")) == 7443


def test_taking_an_answer_away_leaves_no_empty_map() -> None:
    answers = with_value({}, ("network", "cni", "mtu"), 1450)
    assert with_value(answers, ("network", "cni", "mtu"), None) == {}


def test_a_text_in_the_way_of_a_map_is_replaced() -> None:
    assert with_value({"ssh": "x"}, ("ssh", "user"), "ops") == {"ssh": {"user": "ops"}}


def test_hosts_are_changed_in_place() -> None:
    answers = {"hosts": [{"name": "a"}, {"name": "b"}]}
    assert with_value(answers, ("hosts", 1, "name"), "c")["hosts"] == [{"name": "a"}, {"name": "c"}]
    assert with_value(answers, ("hosts", 0), None)["hosts"] == [{"name": "b"}]


@pytest.mark.parametrize("typed", ["1", "10.244.0.0", "", 5, ["x"], {"a": 1}, None])
@pytest.mark.parametrize("loc", [("network", "pods"), ("network", "services"), ("endpoint", "vip")])
def test_what_is_being_typed_elsewhere_never_bars_a_choice(loc: Loc, typed: object) -> None:
    """A choice is judged while any other answer is half typed, or is not even a text."""
    answers: Answers = {str(loc[0]): {str(loc[1]): typed}}
    for question in QUESTIONS:
        for choice in question.choices:
            why = refused(answers, question, choice.value)
            alone = question.id == "network.kube_proxy" and choice.value == "none"
            assert bool(why) == alone, why
    assert problems_of(answers)
