"""Findings by what mends them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from haui.wizard.preflight import LOGIN, WEIGHTS, HostReport, tally
from haui.wizard.preflight_groups import groups_of
from tests.screens.findings import MEMORY, PASSED, PORT, check, done, mixed


def report(host: str, *checks: Any) -> HostReport:
    return HostReport(host=host, state="done", checks=checks)


def test_what_one_thing_mends_is_one_group_and_the_heaviest_come_first() -> None:
    found = [g for g in groups_of(mixed()) if g.weight not in ("ok", "skipped")]
    assert [(g.id, g.weight, g.hosts) for g in found] == [
        ("network.vip", "blocks", ("cp1", "cp2", "cp3")),
        ("ports.free", "blocks", ("cp3",)),
        ("sizes.memory", "warning", ("wk1",)),
        ("disks.space", "overridden", ("wk1",)),
        ("clock.synchronised", "haui will do", ("wk2",)),
        ("network.proxy", "info", ("wk2",)),
    ]
    assert [g.page for g in found[:3]] == ["endpoint", None, "topology"]
    assert [g.command for g in found[:2]] == ["", "systemctl disable --now k3s"]
    assert [g.overridable for g in found] == [True, True, False, True, False, False]


def test_evidence_is_told_once_or_by_host() -> None:
    one, other = {**MEMORY}, {**MEMORY, "seen": "7000 MB"}
    (group,) = groups_of(
        (
            report("a", check("a", "sizes.memory", "warning", **one)),
            report("b", check("b", "sizes.memory", "warning", **other)),
        )
    )
    assert group.evidence == "a: 6900 MB · b: 7000 MB, asked for: about 8192 MB"
    (group,) = groups_of((report("a", check("a", "sizes.memory", "warning", **one)),))
    assert group.evidence == "6900 MB, asked for: about 8192 MB"


def test_evidence_of_many_hosts_is_cut() -> None:
    hosts = [f"wk{n}" for n in range(9)]
    (group,) = groups_of(
        report(host, check(host, "sizes.memory", "warning", seen=f"{n} GB"))
        for n, host in enumerate(hosts)
    )
    assert group.evidence.startswith("wk0: 0 GB · wk1: 1 GB · wk2: 2 GB · and 6 more")


def test_other_reasons_commands_and_fixes_are_other_groups() -> None:
    def groups(*parts: dict[str, Any]) -> int:
        return len(
            groups_of(
                report(f"h{n}", check(f"h{n}", "ports.free", weight, **said))
                for n, (weight, said) in enumerate(
                    ("overridden" if "override" in each else "blocks", each) for each in parts
                )
            )
        )

    assert groups(PORT, PORT) == 1
    assert groups(PORT, {**PORT, "fix_with": "systemctl stop nginx"}) == 2
    assert groups(PORT, {**PORT, "fix": "Stop nginx."}) == 2
    assert groups({**PASSED}, {**PASSED, "override": "another"}) == 2
    assert groups({**PASSED}, {**PASSED, "seen": "else"}) == 1


def test_what_was_skipped_is_grouped_by_its_reason() -> None:
    found = groups_of(
        (
            report("a", check("a", "disks.speed", "skipped", seen="no dd")),
            report("b", check("b", "disks.speed", "skipped", seen="no dd")),
            report("c", check("c", "disks.speed", "skipped", seen="read only")),
        )
    )
    assert [(g.hosts, g.evidence) for g in found] == [(("a", "b"), "no dd"), (("c",), "read only")]


def test_logins_that_fail_alike_are_one_group_without_a_place() -> None:
    def silent(host: str, n: int) -> HostReport:
        what = f"10.0.0.{n} port 22 refuses connections"
        return report(host, check(host, LOGIN, "blocks", what=what, seen="errno 111", fix="sshd?"))

    (one,) = groups_of((silent("a", 1),))
    assert one.what == "10.0.0.1 port 22 refuses connections"
    (two,) = groups_of((silent("a", 1), silent("b", 2)))
    assert (two.what, two.hosts, two.fix) == ("the host refuses connections", ("a", "b"), "sshd?")


def test_a_host_key_that_is_not_known_is_another_group_than_one_that_has_changed() -> None:
    unknown = check("a", LOGIN, "blocks", what="the host key of 10.0.0.1:22 is not known")
    changed = check("b", LOGIN, "blocks", what="the host key of 10.0.0.2:22 has changed")
    assert len(groups_of((report("a", unknown), report("b", changed)))) == 2


def test_one_that_is_fine_here_and_blocks_there_is_two_groups() -> None:
    found = groups_of((done("cp1"), done("cp2", check("cp2", "ports.free", "blocks", **PORT))))
    assert [g.hosts for g in found if g.id == "ports.free"] == [("cp2",), ("cp1",)]


ids = st.sampled_from([LOGIN, "ports.free", "sizes.memory", "else"])
weights: st.SearchStrategy[Any] = st.sampled_from(WEIGHTS)


@given(st.lists(st.tuples(st.sampled_from("abc"), ids, weights, st.text(max_size=9))))
def test_no_finding_is_lost_by_grouping(rows: list[tuple[str, str, Any, str]]) -> None:
    by_place = {(host, id): check(host, id, weight, seen=seen) for host, id, weight, seen in rows}
    reports = [report(h, *(c for (host, _), c in by_place.items() if host == h)) for h in "abc"]
    groups = groups_of(reports)
    assert sum(len(group.hosts) for group in groups) == sum(tally(reports).values())
    order = [WEIGHTS.index(group.weight) for group in groups]
    assert order == sorted(order)
