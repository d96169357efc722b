"""The plain twin: the same questions by lines, wrong answers explained, drafts kept."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from haui.cli.asking import ask, ask_everything, ask_hosts
from haui.cli.beginning import Start, is_plain
from haui.cli.prompter import LinePrompter, Option
from haui.errors import UsageError
from haui.wizard.desk import Desk
from haui.wizard.draft import Draft
from haui.wizard.questions import question_at


def prompter(*answers: str) -> tuple[LinePrompter, io.StringIO]:
    out = io.StringIO()
    return LinePrompter(io.StringIO("".join(f"{answer}\n" for answer in answers)), out), out


def empty_desk() -> Desk:
    return Desk(Draft(id="x"))


def test_every_question_by_lines_ends_in_a_cluster() -> None:
    desk = empty_desk()
    asker, out = prompter(
        "n",
        "atlas", "2", "2",
        "1", "1", "api.atlas.lan", "10.0.0.10", "", "",
        "10.0.0.[11-13] cp", "10.0.0.21 wk", "", "y",
        "ops", "", "", "n", "n", "1", "",
        *[""] * 14,
    )  # fmt: skip
    ask_everything(desk, asker)
    spec = desk.spec()
    assert spec is not None
    assert [host.name for host in spec.hosts] == ["cp1", "cp2", "cp3", "wk1"]
    assert (spec.profile, spec.ssh.user, spec.endpoint.port) == ("test", "ops", 8443)
    assert "== 3 of 7: Hosts" in out.getvalue()


def test_a_wrong_answer_is_explained_and_asked_again() -> None:
    question = question_at(("name",))
    assert question is not None
    desk = empty_desk()
    asker, out = prompter("Atlas!", "atlas")
    ask(desk, asker, question)
    assert desk.value(("name",)) == "atlas"
    assert "'Atlas!' is not a valid name" in out.getvalue()
    assert "For example: atlas" in out.getvalue()


def test_an_answer_is_taken_away_with_a_dash() -> None:
    question = question_at(("ssh", "jump"))
    assert question is not None
    desk = Desk(Draft(id="x", answers={"ssh": {"jump": "ops@gate.lan"}}))
    asker, _ = prompter("-")
    ask(desk, asker, question)
    assert desk.value(("ssh", "jump")) is None


def test_rubbish_among_hosts_is_listed_and_the_good_ones_are_kept() -> None:
    desk = empty_desk()
    asker, out = prompter("10.0.0.[11-13] cp", "$(reboot)", "10.0.0.21 wk", "", "")
    ask_hosts(desk, asker)
    assert [host["name"] for host in desk.value(("hosts",))] == ["cp1", "cp2", "cp3", "wk1"]
    assert "line 2 is not understood: $(reboot)" in out.getvalue()


def test_a_host_is_taken_away_by_its_name() -> None:
    desk = empty_desk()
    asker, _ = prompter("10.0.0.[11-13] cp", "10.0.0.[21-22] wk", "", "n", "-wk1", "", "y")
    ask_hosts(desk, asker)
    assert [host["name"] for host in desk.value(("hosts",))] == ["cp1", "cp2", "cp3", "wk2"]


def test_the_end_of_the_answers_names_the_question() -> None:
    desk = empty_desk()
    asker, _ = prompter("n", "atlas")
    with pytest.raises(UsageError, match="'Topology"):
        ask_everything(desk, asker)
    assert desk.value(("name",)) == "atlas"


def test_an_option_that_is_refused_says_why() -> None:
    options = [Option(label="One", refused="not in this version"), Option(label="Two")]
    asker, out = prompter("1", "seven", "two")
    assert asker.choose("Which?", options) == 1
    assert "One can't be chosen: not in this version" in out.getvalue()
    assert "'seven' is none of them" in out.getvalue()


def test_a_secret_is_never_read_from_a_pipe() -> None:
    asker, _ = prompter("hunter2")
    with pytest.raises(UsageError, match="without an echo"):
        asker.secret("sudo")


@pytest.mark.parametrize(
    ("environ", "terminal", "plain"),
    [
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "dumb"}, True, True),
        ({"ACCESSIBLE": "1"}, True, True),
        ({"ACCESSIBLE": "0"}, True, False),
        ({}, False, True),
    ],
)
def test_when_the_twin_is_taken(environ: dict[str, str], terminal: bool, plain: bool) -> None:
    assert is_plain(Start(), environ, terminal=terminal) is plain
    assert is_plain(Start(plain=True), environ, terminal=True)


def test_what_a_draft_says_is_the_default(tmp_path: Path) -> None:
    question = question_at(("endpoint", "port"))
    assert question is not None
    desk = Desk(Draft(id="x", answers={"endpoint": {"port": 7443}}))
    asker, out = prompter("")
    ask(desk, asker, question)
    assert desk.value(("endpoint", "port")) == 7443
    assert "Port [7443]" in out.getvalue()
