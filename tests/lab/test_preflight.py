"""Preflight on real hosts: each trouble is found and its fix mends it; a clean host is clean; and
nothing is changed by looking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab import servers
from tests.lab.conftest import Bare
from tests.lab.lab import Lab
from tests.lab.listing import changes, listings
from tests.lab.looking import Looked, look
from tests.lab.troubles import ANSWERS, LOGINS, OUTSIDER, TROUBLES, Trouble, WrongAnswer


@pytest.fixture(scope="module")
def lab(bare: Bare) -> Lab:
    """Seven hosts of a cluster and one that does not belong to it."""
    servers.certificates(bare.lab.dir / "other")
    return bare.lab


@dataclass(frozen=True)
class Clean:
    """What was found on hosts that have nothing wrong, and the hosts before and after that."""

    looked: Looked
    quickly: Looked
    """Without rehearsals."""
    before: dict[str, list[str]]
    after: dict[str, list[str]]


@pytest.fixture(scope="module")
def clean(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    state = tmp_path_factory.mktemp("clean") / "state"
    before = listings(lab, lab.hosts)
    looked, quickly = look(lab, state), look(lab, state, *QUICKLY)
    return Clean(looked, quickly, before, listings(lab, lab.hosts))


QUICKLY = ("--no-rehearsals",)


def test_a_clean_host_has_nothing_above_info(lab: Lab, clean: Clean) -> None:
    """And every check that was skipped says why."""
    looked = clean.looked
    assert (looked.code, clean.quickly.code) == (0, 0), looked.err + clean.quickly.err
    assert clean.quickly.worse() == set()
    assert looked.worse() == set(), [looked.found[h][c] for h, c in looked.worse()]
    nodes = set(lab.hosts) - {OUTSIDER}
    assert set(looked.found) - {"bastion"} == nodes
    assert all(len(looked.found[host]) > 60 for host in nodes)
    for checks in looked.found.values():
        assert all(e.get("seen") for e in checks.values() if e["verdict"] == "skipped")


def test_looking_changes_nothing(lab: Lab, clean: Clean) -> None:
    """Files, packages, settings, rules, units, processes, sockets and network: before and after."""
    assert clean.looked.code == 0
    for host in lab.hosts:
        assert changes(clean.before[host], clean.after[host]) == [], host


def batches() -> list[list[tuple[str, Trouble]]]:
    """The troubles in rounds, each of a round on a host of its own."""
    rounds: list[list[tuple[str, Trouble]]] = []
    for trouble in sorted(TROUBLES, key=lambda trouble: trouble.rehearsed):
        candidates = trouble.hosts
        for batch in rounds:
            taken = {host for host, _ in batch}
            alone = any(other.alone or other.rehearsed != trouble.rehearsed for _, other in batch)
            free = next((host for host in candidates if host not in taken), None)
            if free and not alone and not (trouble.alone and batch):
                batch.append((free, trouble))
                break
        else:
            rounds.append([(candidates[0], trouble)])
    return rounds


@dataclass
class Mended:
    """What was wrong in the last round and has been mended since, but was not looked at again:
    the next look has to find it gone."""

    troubles: list[tuple[str, Trouble]] = field(default_factory=list)

    def touched(self, clean: Looked) -> set[tuple[str, str]]:
        """The hosts and checks at which they could be seen."""
        return {
            (host, check)
            for host, checks in clean.found.items()
            for check in checks
            for where, trouble in self.troubles
            if check in (*trouble.spread, *((trouble.check,) if trouble.elsewhere else ()))
            or (host == where and check in (trouble.check, *trouble.also))
        }

    def left(self, looked: Looked, clean: Looked) -> list[object]:
        """What says anything else there than on clean hosts."""
        return [
            looked.found.get(host, {}).get(check, (host, check))
            for host, check in sorted(self.touched(clean))
            if _verdict(looked, host, check) != _verdict(clean, host, check)
        ]

    def undo(self, lab: Lab) -> None:
        """Take away what a fix may leave, as files that only a test needs."""
        for host, trouble in self.troubles:
            if trouble.undo:
                lab.exec(host, ["sh", "-c", trouble.undo])


def _verdict(looked: Looked, host: str, check: str) -> str:
    verdict = looked.found.get(host, {}).get(check, {}).get("verdict", "absent")
    return "good" if verdict in ("ok", "info") else verdict


class TestTroubles:
    """Round after round: a look finds this round's troubles and, of the last round's, nothing."""

    @pytest.fixture(scope="class")
    def mended(
        self, lab: Lab, clean: Clean, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Mended]:
        last = Mended()
        yield last
        again = look(lab, tmp_path_factory.mktemp("mended") / "state")
        last.undo(lab)
        assert last.left(again, clean.looked) == []
        assert again.worse() == set(), [again.found[h][c] for h, c in again.worse()]

    @pytest.mark.parametrize("batch", batches(), ids=lambda b: ",".join(t.name for _, t in b)[:100])
    def test_each_is_found_and_its_fix_mends_it(
        self, lab: Lab, state: Path, clean: Clean, mended: Mended, batch: list[tuple[str, Trouble]]
    ) -> None:
        """One host is broken per trouble; what each finding says is done, and it is gone."""
        rehearsed = any(trouble.rehearsed for _, trouble in batch)
        how, usual = ((), clean.looked) if rehearsed else (QUICKLY, clean.quickly)
        last, this = Mended(mended.troubles), Mended(batch)
        mended.troubles = []
        assert last.touched(usual) & this.touched(usual) == set(), "can't be told apart"
        try:
            for host, trouble in batch:
                given = shell(lab, "cp1", trouble.twin) if trouble.twin else b""
                shell(lab, host, trouble.make, given)
            looked = look(lab, state, *how)
            last.undo(lab)
            assert last.left(looked, usual) == [], "left of the last round"
            expected = {(host, check) for host, t in batch for check in (t.check, *t.also)}
            anywhere = {check for _, trouble in batch for check in trouble.spread}
            for host, trouble in batch:
                the_finding(looked, host, trouble)
            strange = {
                (host, check) for host, check in looked.worse() - expected if check not in anywhere
            }
            assert strange == set(), [looked.found[h][c] for h, c in strange]
            for host, trouble in batch:
                mend(lab, host, trouble, looked)
        except BaseException:
            this.undo(lab)
            raise
        mended.troubles = batch
        print("\n" + "\n".join(f"  {host}: {trouble.name}" for host, trouble in batch))


def the_finding(looked: Looked, host: str, trouble: Trouble) -> dict[str, Any]:
    """The finding that a trouble must lead to, with its verdict, evidence and fix."""
    hosts = sorted(looked.found) if trouble.elsewhere else [host]
    events = [looked.found.get(name, {}).get(trouble.check) for name in hosts]
    found = [e for e in events if e is not None and e["verdict"] == trouble.verdict]
    assert found, (trouble.name, events, looked.problems.get(host))
    event = found[0]
    assert re.search(trouble.seen, event["seen"]), event
    if trouble.verdict in ("blocked", "warning"):
        assert event.get("fix") and event.get("why"), event
    return event


def mend(lab: Lab, host: str, trouble: Trouble, looked: Looked) -> None:
    """Do what the finding says, or what stands in for hands."""
    if trouble.mend != "fix":
        shell(lab, host, trouble.mend)
        return
    event = the_finding(looked, host, trouble)
    assert event.get("fix_kind") == "command", event
    shell(lab, host, event["fix_with"])


def shell(lab: Lab, host: str, script: str, given: bytes = b"") -> bytes:
    """What the script, run as root on the host, prints."""
    done = lab.exec(host, ["sh", "-c", script], input=given)
    assert done.returncode == 0, (script, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize("wrong", ANSWERS, ids=lambda wrong: wrong.name)
def test_a_wrong_answer_is_found_and_another_one_mends_it(
    lab: Lab, state: Path, wrong: WrongAnswer, tmp_path: Path
) -> None:
    """What is wrong in the cluster file: found on each host it concerns, with the page to go to."""
    document = yaml.safe_load((lab.dir / "four.yaml").read_text())
    wrong.change(document)
    file = lab.dir / f"wrong-{tmp_path.name}.yaml"
    file.write_text(yaml.safe_dump(document))
    try:
        looked = look(lab, state, *QUICKLY, file=file)
    finally:
        file.unlink()
    events = [checks[wrong.check] for checks in looked.found.values() if wrong.check in checks]
    bad = [event for event in events if event["verdict"] == wrong.verdict]
    assert bad, (events, looked.err)
    assert re.search(wrong.seen, bad[0]["seen"]), bad[0]
    assert bad[0].get("fix"), bad[0]
    assert looked.code == (4 if wrong.verdict == "blocked" else 0), looked.err


def test_a_login_that_can_not_work_concerns_one_host(lab: Lab, state: Path) -> None:
    """Each of three hosts says one thing, with the fix; the others are looked at as ever."""
    broken = dict(zip(LOGINS[0].hosts, LOGINS, strict=False))
    try:
        for host, login in broken.items():
            shell(lab, host, login.make)
        looked = look(lab, state, *QUICKLY)
    finally:
        for host, login in broken.items():
            shell(lab, host, login.undo)
    assert looked.code in (4, 5), looked.err
    for host, login in broken.items():
        assert re.search(login.seen, looked.problems[host]), looked.problems
    others = set(lab.hosts) - {OUTSIDER, *broken}
    assert len(others) == 4
    assert all(len(looked.found[other]) > 60 for other in others)
    assert {name for name, _ in looked.worse()} <= set(broken)
    assert look(lab, state, *QUICKLY).code == 0
