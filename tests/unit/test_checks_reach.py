"""What dials between hosts mean: fleet.listeners, fleet.ports, fleet.udp and fleet.leftovers."""

from __future__ import annotations

import pytest

from haui.events import Finding
from haui.evidence import Reading, facts_text
from haui.rehearsal import facts
from haui.spec import ClusterSpec
from steps.checks import BY_ID, FACTS, Look
from steps.checks.dialled import CLEAR, LISTEN, REACH
from tests.unit.checks import Changes, ask, fleet
from tests.unit.specs import spec


def told(step: str, host: str, key: str, old: str, new: str) -> Changes:
    """A healthy host's rows of that key, with a piece of one of them replaced."""
    cluster = spec()
    rows = [v for k, v in facts.told(step, cluster, cluster.host(host)) if k == key]
    assert sum(old in row for row in rows) == 1, f"{old!r} must stand in one row: {rows}"
    return {key: [row.replace(old, new) for row in rows]}


def between(
    check: str,
    dialled: Changes,
    listens: Changes | None = None,
    looked: Changes | None = None,
    cluster: ClusterSpec | None = None,
) -> Finding:
    """What the check says of cp1, which has dialled so, while cp2 has told that."""
    cluster = cluster or spec(profile="production")
    evidence = fleet(cluster, {"cp1": dialled}, REACH)
    for step, changes in ((LISTEN, listens), (FACTS, looked)):
        kept = facts.told(step, cluster, cluster.host("cp2"), 1_000_000.0)
        text = facts_text(facts.changed(kept, changes or {}))
        evidence.keep(step, "cp2", Reading(text, asked=1_000_000.0, answered=1_000_000.0))
    return BY_ID[check].finding(Look(cluster, cluster.host("cp1"), evidence))


def tcp(result: str, answer: str = "-") -> Changes:
    """cp1 has dialled 2380 of cp2, and this came of it."""
    old = "cp2 10.30.0.12 2380 open haui atlas cp2 2380"
    return told(REACH, "cp1", "dial", old, f"cp2 10.30.0.12 2380 {result} {answer}")


def udp(good: int, result: str, answer: str = "-") -> Changes:
    """cp1 has sent datagrams to 8472 of cp2, and this came of it."""
    old = "cp2 10.30.0.12 8472 5 5 open haui atlas cp2 8472"
    return told(REACH, "cp1", "udp", old, f"cp2 10.30.0.12 8472 {good} 5 {result} {answer}")


def listens(state: str, port: str = "tcp 10.30.0.12 2380") -> Changes:
    """What cp2 says of one port."""
    return told(LISTEN, "cp2", "listen", f"{port} listening", f"{port} {state}")


OURS = "haui atlas cp2 2380"
NOBODY: Changes = {"listener": "none", "why": "needs python3", "listen": None}


@pytest.mark.parametrize(
    ("result", "answer", "verdict", "seen"),
    [
        ("open", OURS, "ok", "12 of 12 answer"),
        ("open", "haui atlas cp2", "ok", "12 of 12 answer"),
        ("open", "haui atlas cp3 2380", "blocked", "somebody else answers"),
        ("open", "haui other cp2 2380", "blocked", "somebody else answers"),
        ("open", "SSH-2.0-OpenSSH_9.2", "blocked", "somebody else answers"),
        ("dropped", "-", "blocked", "no answer"),
        ("rejected", "-", "blocked", "a firewall rejects it"),
        ("refused", "-", "blocked", "refused while haui listens there"),
        ("silent", "-", "blocked", "not with haui's listener"),
        ("closed", "-", "blocked", "closed without a word"),
        ("absent", "-", "blocked", "nobody in the network"),
        ("unreachable", "-", "blocked", "no route"),
        ("denied", "-", "blocked", "own firewall"),
        ("failed", "-", "blocked", "could not be dialled"),
        ("rubbish", "-", "blocked", "could not be dialled"),
    ],
)
def test_a_port_where_haui_listens(result: str, answer: str, verdict: str, seen: str) -> None:
    found = between("fleet.ports", tcp(result, answer))
    assert (found.verdict, seen in found.seen) == (verdict, True), found
    if verdict == "blocked":
        assert "cp2 2380/tcp (etcd's members)" in found.seen and found.fix


@pytest.mark.parametrize(
    ("result", "answer", "verdict", "seen"),
    [
        ("open", "220 ready", "ok", "12 of 12 answer"),
        ("silent", "-", "ok", "12 of 12 answer"),
        ("closed", "-", "ok", "12 of 12 answer"),
        ("refused", "-", "ok", "11 of 12 answer; not tried: cp2: 2380/tcp is in use by etcd"),
        ("dropped", "-", "blocked", "no answer"),
        ("rejected", "-", "blocked", "a firewall rejects it"),
        ("open", "haui atlas cp3 2380", "blocked", "somebody else answers"),
    ],
)
def test_a_port_that_is_in_use_there(result: str, answer: str, verdict: str, seen: str) -> None:
    held: Changes = {"listener": ["tcp 10.30.0.12 2380 etcd 771", "tcp * 22 sshd 1"]}
    found = between("fleet.ports", tcp(result, answer), listens("busy"), held)
    assert (found.verdict, seen in found.seen) == (verdict, True), found


@pytest.mark.parametrize(
    ("result", "verdict"),
    [("refused", "ok"), ("dropped", "blocked"), ("rejected", "blocked"), ("absent", "blocked")],
)
def test_a_host_where_nobody_can_listen_still_shows_what_drops(result: str, verdict: str) -> None:
    found = between("fleet.ports", tcp(result), NOBODY)
    assert found.verdict == verdict
    assert verdict != "ok" or "cp2: does not listen (needs python3)" in found.seen


def test_of_a_host_that_was_not_heard_of_nothing_is_said() -> None:
    cluster = spec()
    evidence = fleet(cluster, {"cp1": tcp("dropped")}, REACH)
    evidence.keep(LISTEN, "cp2", Reading("listener\tpython3\n"))
    found = BY_ID["fleet.ports"].finding(Look(cluster, cluster.host("cp1"), evidence))
    assert (found.verdict, "cp2: was not heard of" in found.seen) == ("ok", True)


def test_when_nothing_could_be_tried_nothing_passes() -> None:
    found = ask("fleet.ports", {"dial": None}, step=REACH)
    assert (found.verdict, found.seen[:26]) == ("skipped", "nothing could be tried; cp")
    assert ask("fleet.ports", {"needs": "bash"}, step=REACH).seen == "needs bash on the host"


@pytest.mark.parametrize("check", ["fleet.ports", "fleet.udp", "fleet.latency", "fleet.path-mtu"])
@pytest.mark.parametrize("text", ["", "dial\tcp2 10.30.0.12 2380", "\0\0\tend\n"])
def test_a_reading_without_its_end_is_skipped(check: str, text: str) -> None:
    cluster = spec()
    evidence = fleet(cluster)
    evidence.keep(REACH, "cp1", Reading(text))
    found = BY_ID[check].finding(Look(cluster, cluster.host("cp1"), evidence))
    assert (found.verdict, bool(found.seen)) == ("skipped", True)


@pytest.mark.parametrize("key", ["dial", "udp", "ping", "size", "vrrp"])
def test_garbage_in_the_rows_is_no_error_and_no_pass(key: str) -> None:
    check = {"dial": "ports", "ping": "latency", "size": "path-mtu"}.get(key, key)
    rows = ["cp2 x y z - - -", "cp2 10.30.0.12 8472 -1 x open a", "\x1b[31m", "1 2 3", "a " * 90]
    found = ask(f"fleet.{check}", {key: rows, "vrrp.listened": None}, step=REACH)
    assert found.verdict == "skipped"
    assert "could not judge" not in found.seen


@pytest.mark.parametrize(
    ("good", "result", "answer", "verdict"),
    [
        (5, "open", "haui atlas cp2 8472", "ok"),
        (4, "open", "haui atlas cp2 8472", "ok"),
        (3, "open", "haui atlas cp2 8472", "blocked"),
        (5, "open", "haui atlas cp3 8472", "blocked"),
        (0, "dropped", "-", "blocked"),
        (0, "refused", "-", "blocked"),
        (0, "rejected", "-", "blocked"),
    ],
)
def test_udp_to_a_listener(good: int, result: str, answer: str, verdict: str) -> None:
    assert between("fleet.udp", udp(good, result, answer)).verdict == verdict


@pytest.mark.parametrize("state", ["busy", "untried"])
@pytest.mark.parametrize(
    ("result", "verdict"), [("dropped", "ok"), ("refused", "ok"), ("rejected", "blocked")]
)
def test_udp_without_a_listener(state: str, result: str, verdict: str) -> None:
    found = between("fleet.udp", udp(0, result), listens(state, "udp 10.30.0.12 8472"))
    assert found.verdict == verdict
    assert verdict != "ok" or found.seen.startswith("3 of 4 answer; not tried: cp2: ")


def test_the_fix_names_the_ports_of_each_host_once() -> None:
    rows = [v for k, v in facts.told(REACH, spec(), spec().host("cp1")) if k == "dial"]
    dropped = [f"{' '.join(row.split()[:3])} dropped -" if "cp" in row else row for row in rows]
    found = ask("fleet.ports", {"dial": dropped}, step=REACH)
    assert found.verdict == "blocked"
    assert "Let 6443/tcp, 2379/tcp, 2380/tcp, 10250/tcp, 8443/tcp in on cp2, cp3: in" in found.fix
    assert found.seen.endswith("; and 6 more")
    assert found.fix_kind == ""


@pytest.mark.parametrize(
    ("result", "answer", "fix"),
    [
        ("absent", "-", "VLANs"),
        ("unreachable", "-", "routes"),
        ("denied", "-", "this host's firewall send 2380/tcp"),
        ("open", "haui atlas cp3 2380", "who has that address"),
        ("dropped", "-", "Let 2380/tcp in on cp2"),
    ],
)
def test_the_fix_fits_the_trouble(result: str, answer: str, fix: str) -> None:
    assert fix in between("fleet.ports", tcp(result, answer)).fix


UFW: Changes = {"firewall": "ufw deny deny"}


@pytest.mark.parametrize("result", ["dropped", "rejected", "refused"])
def test_what_haui_will_open_is_not_in_the_way(result: str) -> None:
    found = between("fleet.ports", tcp(result), None, UFW)
    assert (found.verdict, found.fix_kind, found.fix_with) == ("info", "haui", "system.firewall")
    assert "11 of 12 answer; closed by a firewall that haui opens: cp2: 2380/tcp" in found.seen
    assert between("fleet.udp", udp(0, result), None, UFW).verdict == "info"


@pytest.mark.parametrize(
    "looked",
    [
        {**UFW, "firewall.open": ["2380/tcp from 10.30.0.11"]},
        {**UFW, "firewall.open": ["2000-3000/tcp"]},
        {"firewall": "ufw allow deny"},
        {"firewall.rule": ["inet f in: policy drop;"]},
        {},
    ],
)
def test_what_haui_will_not_open_blocks(looked: Changes) -> None:
    """Open at the host already, so something else drops it; or nothing that haui opens."""
    assert between("fleet.ports", tcp("dropped"), None, looked).verdict == "blocked"


@pytest.mark.parametrize("result", ["absent", "unreachable", "denied"])
def test_what_no_firewall_of_the_other_host_does_blocks(result: str) -> None:
    assert between("fleet.ports", tcp(result), None, UFW).verdict == "blocked"


def test_where_the_firewall_is_kept_its_own_finding_says_how() -> None:
    kept = spec(profile="production", system={"firewall": "keep"})
    fix = between("fleet.ports", tcp("dropped"), None, UFW, cluster=kept).fix
    assert fix.endswith("For cp2, network.firewall says how.")
    assert "network.firewall" not in between("fleet.ports", tcp("dropped")).fix


@pytest.mark.parametrize(
    ("changes", "verdict", "seen"),
    [
        ({}, "ok", "listens on 6 of 6 ports"),
        (listens("busy"), "ok", "listens on 5 of 6 ports, 1 in use already"),
        (listens("untried", "udp 10.30.0.12 8472"), "ok", "that needs python3"),
        ({"listener": "none", "why": "needs python3 or x"}, "skipped", "needs python3 or x"),
        ({"listener": None}, "skipped", "nobody listens"),
        ({"listener": "none", "taken": "other"}, "warning", "for the cluster other"),
    ],
)
def test_listeners(changes: Changes, verdict: str, seen: str) -> None:
    found = ask("fleet.listeners", changes, host="cp2", step=LISTEN)
    assert (found.verdict, seen in found.seen) == (verdict, True), found


@pytest.mark.parametrize(
    ("changes", "verdict", "seen"),
    [
        ({}, "ok", "nothing is left"),
        ({"left": ["unit haui-probe.service", "process 7"]}, "warning", "unit haui-probe.service"),
        ({"alive": "no"}, "warning", "had ended before"),
        ({"alive": None}, "skipped", "did not tell"),
    ],
)
def test_leftovers(changes: Changes, verdict: str, seen: str) -> None:
    found = ask("fleet.leftovers", changes, step=CLEAR)
    assert (found.verdict, seen in found.seen) == (verdict, True)
    assert (found.fix_kind == "command") == ("left" in changes)


def test_listeners_that_never_began_had_not_ended_too_early() -> None:
    cluster = spec()
    evidence = fleet(cluster, {"cp1": {"alive": "no"}}, CLEAR)
    evidence.keep(LISTEN, "cp1", Reading("listener\tnone\nend\tok\n"))
    found = BY_ID["fleet.leftovers"].finding(Look(cluster, cluster.host("cp1"), evidence))
    assert found.verdict == "ok"
