"""The desk: answers saved at once, problems by page, ways back, and drafts that outlive a kill."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.clusterfile.pod_networks import POD_NETWORKS
from haui.clusterfile.text import spec_sha
from haui.errors import SpecError, UsageError
from haui.wizard.answers import with_value
from haui.wizard.check import problems_of, refused, spec_of
from haui.wizard.desk import Desk, PreflightRecord
from haui.wizard.draft import Draft, read_draft
from haui.wizard.drafts import DraftBook
from haui.wizard.questions import QUESTIONS, question_at

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "name": "atlas",
    "endpoint": {"name": "api.atlas.lan", "vip": "10.30.0.10"},
    "hosts": [
        {"name": "cp1", "address": "10.30.0.11", "roles": ["control-plane"]},
        {"name": "cp2", "address": "10.30.0.12", "roles": ["control-plane"]},
        {"name": "cp3", "address": "10.30.0.13", "roles": ["control-plane"]},
        {"name": "wk1", "address": "10.30.0.21", "roles": ["worker"]},
    ],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "hosts", "endpoint", "kind", "vip", "roles", "ssh", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def now() -> datetime:
    return NOW


def book(folder: Path) -> DraftBook:
    return DraftBook(folder, now=now)


def paths(desk: Desk) -> list[str]:
    return [problem.path for problem in desk.problems()]


def test_an_empty_draft_misses_what_nobody_can_guess(tmp_path: Path) -> None:
    desk = book(tmp_path).new()
    assert paths(desk) == ["name", "endpoint.name", "endpoint.vip", "hosts"]
    assert {problem.what for problem in desk.problems()} == {
        "an answer is needed",
        "no host is entered yet",
    }
    assert desk.spec() is None


def test_good_answers_are_a_cluster(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    spec = desk.spec()
    assert spec is not None
    assert spec.endpoint.kind == "keepalived-haproxy"
    assert spec.endpoint.port == 8443
    assert desk.problems() == ()


def test_each_answer_is_on_disk_when_it_is_given(tmp_path: Path) -> None:
    drafts = book(tmp_path)
    desk = drafts.new()
    desk.answer(("name",), "atlas")
    desk.answer(("endpoint", "port"), "abc")
    path = drafts.folder / f"{desk.draft.id}.json"
    kept = read_draft(path)
    assert kept.answers == {"name": "atlas", "endpoint": {"port": "abc"}}
    assert kept.saved == "2026-11-21T10:42:00.000Z"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_killed_wizard_goes_on_where_it_was(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    desk.visit("endpoint")
    desk.visit("hosts")
    id_ = desk.draft.id
    desk.close()
    again = book(tmp_path).open(id_)
    assert again.draft.page == "hosts"
    assert again.draft.reached == ("topology", "endpoint", "hosts")
    assert again.answers == GOOD


def test_two_haui_never_share_a_draft(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    (entry,) = book(tmp_path).list()
    assert entry.busy
    with pytest.raises(UsageError, match="another haui"):
        book(tmp_path).open(desk.draft.id)
    desk.close()
    book(tmp_path).open(desk.draft.id).close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": "haui-draft/1",\n "answers": {,}\n}', ":2: "),
        ("[]", ":1: is not a draft"),
        ('{"format": "haui-draft/9"}', "haui-draft/9"),
        ('{"format": "haui-draft/1", "answers": 3}', "no map"),
        ("\xff\xfe", ":1: "),
        ("[" * 100_000, "haui wrote"),
        ("", ":1: "),
    ],
)
def test_a_broken_draft_is_reported_and_left_alone(tmp_path: Path, text: str, said: str) -> None:
    drafts = book(tmp_path)
    drafts.folder.mkdir()
    path = drafts.folder / "old.json"
    path.write_text(text)
    (entry,) = drafts.list()
    assert entry.draft is None
    assert entry.problem.startswith(str(path))
    assert said in entry.problem
    with pytest.raises(SpecError):
        drafts.open("old")
    assert path.read_text() == text


def test_odd_parts_of_a_draft_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    body = {"format": "haui-draft/1", "page": "moon", "reached": ["hosts", 3], "begun": []}
    path.write_text(json.dumps(body))
    assert read_draft(path) == Draft(id="d", reached=("hosts",))


def test_the_last_saved_draft_stands_first(tmp_path: Path) -> None:
    drafts = book(tmp_path)
    times = iter(datetime(2026, 11, 21, 9, m, tzinfo=UTC) for m in range(60))
    later = DraftBook(tmp_path, now=lambda: next(times))
    first, second = later.new({"name": "one"}), later.new({"name": "two"})
    first.answer(("name",), "uno")
    assert [e.draft.name for e in drafts.list() if e.draft] == ["uno", "two"]
    second.close()
    drafts.discard(second.draft.id)
    assert len(drafts.list()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="can't be written"):
        book(tmp_path).new()


def test_a_draft_that_cannot_be_saved_says_so_and_goes_on(tmp_path: Path) -> None:
    drafts = book(tmp_path)
    desk = drafts.new()
    drafts.folder.rename(tmp_path / "gone")
    desk.answer(("name",), "atlas")
    assert "can't be saved" in desk.save_trouble
    assert desk.value(("name",)) == "atlas"
    (tmp_path / "gone").rename(drafts.folder)
    desk.answer(("name",), "atlas-2")
    assert desk.save_trouble == ""


def test_problems_stand_on_their_page(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    desk.answer(("endpoint", "vip"), "10.30.0.999")
    desk.answer(("hosts", 1, "name"), "cp 2")
    desk.answer(("network", "pods"), "10.0.0.0")
    assert [p.path for p in desk.problems("endpoint")] == ["endpoint.vip"]
    assert [p.path for p in desk.problems("hosts")] == ["hosts[1].name"]
    assert [p.path for p in desk.problems("cluster")] == ["network.pods"]
    problem = desk.problem_at(("endpoint", "vip"))
    assert problem is not None
    assert problem.example == "10.30.0.10"


def test_a_number_of_hosts_that_does_not_fit_is_the_hosts_pages_problem(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    desk.answer(("topology", "kind"), "single")
    desk.answer(("endpoint", "kind"), "external")
    assert desk.problems("topology") == ()
    assert "single means one control plane" in desk.problems("hosts")[0].what


def test_problems_block_only_going_forward(tmp_path: Path) -> None:
    desk = book(tmp_path).new({"name": "atlas"})
    desk.visit("endpoint")
    assert desk.may_go("topology")
    assert not desk.may_go("hosts")
    assert desk.blocked_by("hosts") == "endpoint"
    desk.answer(("endpoint", "name"), "api.atlas.lan")
    desk.answer(("endpoint", "vip"), "10.30.0.10")
    assert desk.may_go("hosts")
    assert not desk.may_go("access")


def test_pages_say_how_it_stands_with_them(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    for page in ("endpoint", "hosts"):
        desk.visit(page)
    desk.answer(("name",), "No!")
    assert desk.page_state("topology").word == "attention"
    assert desk.page_state("topology").problems == 1
    assert desk.page_state("endpoint").word == "done"
    assert desk.page_state("hosts").word == "here"
    assert desk.page_state("access").word == "not yet"


def test_a_preflight_counts_only_for_the_answers_that_it_was_made_with(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    desk.visit("preflight")
    desk.visit("review")
    spec = desk.spec()
    assert spec is not None
    desk.preflight = PreflightRecord(sha=spec_sha(spec), blocked=0)
    assert desk.page_state("preflight").word == "done"
    desk.preflight = PreflightRecord(sha=spec_sha(spec), blocked=2)
    assert desk.page_state("preflight").word == "attention"
    desk.answer(("endpoint", "vip"), "10.30.0.9")
    assert desk.page_state("preflight").word == "not yet"


def test_changes_are_taken_back_and_made_again(tmp_path: Path) -> None:
    desk = book(tmp_path).new()
    desk.answer(("name",), "a")
    desk.answer(("name",), "b")
    assert desk.undo()
    assert desk.value(("name",)) == "a"
    assert desk.redo()
    assert desk.value(("name",)) == "b"
    desk.undo()
    desk.undo()
    assert not desk.undo()
    assert desk.answers == {}
    desk.answer(("name",), "c")
    assert not desk.redo()


def test_the_same_answer_again_changes_nothing(tmp_path: Path) -> None:
    desk = book(tmp_path).new(GOOD)
    told: list[int] = []
    unwatch = desk.watch(lambda: told.append(1))
    desk.answer(("name",), "atlas")
    assert told == []
    desk.answer(("name",), "other")
    unwatch()
    desk.answer(("name",), "third")
    assert told == [1]


WRAPPED = ("cni", "encapsulation")


def test_choices_that_do_not_fit_the_others_say_why() -> None:
    kind, proxy, wrapped = (
        question_at(("network", *place)) for place in (("cni", "kind"), ("kube_proxy",), WRAPPED)
    )
    assert kind and proxy and wrapped
    cilium = with_value(GOOD, ("network", "cni", "kind"), "cilium")
    assert refused(GOOD, proxy, "none") == "only Cilium takes kube-proxy's place"
    assert refused(cilium, proxy, "none") == ""
    assert "all nodes or of none" in refused(cilium, wrapped, "across-subnets")
    assert refused(GOOD, wrapped, "across-subnets") == ""
    old = with_value(GOOD, ("kubernetes", "version"), "1.20.2")
    assert "1.21 or newer" in refused(old, kind, "cilium")
    assert "1.21 or newer" in refused(old, kind, "calico")
    assert "1.31 or newer" in refused(old, proxy, "nftables")
    assert refused(old, kind, "flannel") == refused(GOOD, kind, "calico") == ""


def test_the_pod_networks_are_offered_with_their_versions() -> None:
    question = question_at(("network", "cni", "kind"))
    assert question is not None
    labels = {choice.value: choice.label for choice in question.choices}
    for kind, known in POD_NETWORKS.items():
        assert labels[kind] == f"{known.name} {known.version}"


def test_files_that_the_answers_name_are_looked_at(tmp_path: Path) -> None:
    answers = {**GOOD, "ssh": {"key": str(tmp_path / "none")}}
    assert [p.path for p in problems_of(answers)] == ["ssh.key"]
    assert problems_of(answers, files=False) == ()
    (tmp_path / "none").write_text("key")
    assert spec_of(answers) is not None


@given(JSON)
def test_any_answers_are_judged_without_an_accident(answers: Any) -> None:
    if isinstance(answers, dict):
        for problem in problems_of(answers, files=False):
            assert problem.what
        desk = Desk(Draft(id="x", answers=answers))
        for question in QUESTIONS:
            question.show(desk.shown_value(question))
            question.is_shown(answers)
