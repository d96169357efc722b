"""Preflight on real hosts: each trouble is found and its fix mends it; a clean host is clean; and
nothing is changed by looking."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab import servers
from tests.lab.lab import Lab
from tests.lab.listing import changes, listing
from tests.lab.looking import Looked, look
from tests.lab.troubles import ANSWERS, LOGINS, OUTSIDER, TROUBLES, Trouble, WrongAnswer


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Seven hosts of a cluster and one that does not belong to it."""
    with Lab.up(control_planes=3, workers=4, extra=1) as booted:
        for host in booted.hosts:  # the first login and the first listing leave marks of their own
            subprocess.run(booted.ssh_command(host, ["true"]), capture_output=True, check=True)
        for host in booted.hosts:
            listing(booted, host)
        servers.certificates(booted.dir / "other")
        yield booted


def test_a_clean_host_has_nothing_above_info(lab: Lab, state: Path) -> None:
    """And every check that was skipped says why."""
    looked = look(lab, state)
    assert looked.code == 0, looked.err
    assert looked.worse() == set(), [looked.found[h][c] for h, c in looked.worse()]
    nodes = set(lab.hosts) - {OUTSIDER}
    assert set(looked.found) - {"bastion"} == nodes
    assert all(len(looked.found[host]) > 60 for host in nodes)
    for checks in looked.found.values():
        assert all(e.get("seen") for e in checks.values() if e["verdict"] == "skipped")


def test_looking_changes_nothing(lab: Lab, state: Path) -> None:
    """Files, packages, settings, rules, units, processes, sockets and network: before and after."""
    before = {host: listing(lab, host) for host in lab.hosts}
    assert look(lab, state).code == 0
    for host in lab.hosts:
        assert changes(before[host], listing(lab, host)) == [], host


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


@pytest.mark.parametrize("batch", batches(), ids=lambda b: ",".join(t.name for _, t in b)[:100])
def test_each_trouble_is_found_and_its_fix_mends_it(
    lab: Lab, state: Path, batch: list[tuple[str, Trouble]]
) -> None:
    """One host is broken per trouble; then what each finding says is done, and it is gone."""
    how = () if any(trouble.rehearsed for _, trouble in batch) else ("--no-rehearsals",)
    try:
        for host, trouble in batch:
            given = shell(lab, "cp1", trouble.twin) if trouble.twin else b""
            shell(lab, host, trouble.make, given)
        looked = look(lab, state, *how)
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
        again = look(lab, state, *how)
        assert again.worse() == set(), [again.found[h][c] for h, c in again.worse()]
    finally:
        for host, trouble in batch:
            if trouble.undo:
                lab.exec(host, ["sh", "-c", trouble.undo])
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
    document = yaml.safe_load((lab.dir / "lab.yaml").read_text())
    wrong.change(document)
    file = lab.dir / f"wrong-{tmp_path.name}.yaml"
    file.write_text(yaml.safe_dump(document))
    try:
        looked = look(lab, state, "--no-rehearsals", file=file)
    finally:
        file.unlink()
    events = [checks[wrong.check] for checks in looked.found.values() if wrong.check in checks]
    bad = [event for event in events if event["verdict"] == wrong.verdict]
    assert bad, (events, looked.err)
    assert re.search(wrong.seen, bad[0]["seen"]), bad[0]
    assert bad[0].get("fix"), bad[0]
    assert looked.code == (4 if wrong.verdict == "blocked" else 0), looked.err


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.name)
def test_a_login_that_can_not_work_concerns_one_host(lab: Lab, state: Path, login: Trouble) -> None:
    """The host says one thing, with the fix; the others are looked at as ever."""
    host = login.hosts[0]
    try:
        shell(lab, host, login.make)
        looked = look(lab, state, "--no-rehearsals")
        assert looked.code in (4, 5), looked.err
        assert re.search(login.seen, looked.problems[host]), looked.problems
        others = set(lab.hosts) - {OUTSIDER, host}
        assert all(len(looked.found[other]) > 60 for other in others)
        assert {name for name, _ in looked.worse()} <= {host}
    finally:
        shell(lab, host, login.undo)
    assert look(lab, state, "--no-rehearsals").code == 0
