"""What holds for every check: its form, a healthy fleet, and hosts that tell nothing or rubbish."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

import steps
from haui.events import Finding
from haui.evidence import Evidence
from haui.spec import ClusterSpec, HostSpec
from haui.wizard.pages import PageId
from steps import preflight
from steps.checks import BY_ID, CATALOGUE, FACTS, Check, Look, bastion, findings, fleet_clock
from steps.checks.check import COMMAND_CHARS, passes
from steps.checks.reference import reference
from tests.unit import rubbish
from tests.unit.checks import ask
from tests.unit.rubbish import PROFILES, Broken, Spoiler, all_shapes, cluster_of, evidence_of
from tests.unit.specs import spec

ALL = (*CATALOGUE, *bastion.CHECKS)
ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "steps" / "checks").glob("*.py"))
BY_STEP = {step.id: step for step in steps.CATALOGUE}
PAGES = get_args(PageId)
NAMES = (
    "/etc/hosts", "iSCSI", "machine-id", "nm-cloud-setup", "product_uuid", "systemd-networkd",
)  # fmt: skip
"""Titles may begin with a name, which keeps its case."""

TRIES, MORE_TRIES = 6, 40
"""Rubbish of so many kinds for each check, and so many in the sweep."""
TEXT_CHARS = 2000

SILENT_VERDICTS = {
    "ssh.facts": "the reading itself is what it looks at",
    "ssh.clean": "what the login printed is no fact, and none was printed",
    "ssh.supply": "the reading itself is what it looks at",
    "ssh.disk": "the reading itself is what it looks at",
    "ssh.listen": "the reading itself is what it looks at",
    "ssh.reach": "the reading itself is what it looks at",
    "ssh.clear": "the reading itself is what it looks at",
    "system.os": "a host without os-release is none that the install knows: it blocks",
    "kernel.arp": "an IPv6 address is not asked for by ARP",
    "fleet.clock": "the clock was told",
    "fleet.bastion-clock": "the clock was told",
    "fleet.network-ranges": "judges the cluster file",
    "fleet.proxy": "the cluster file names the proxy",
    "fleet.quorum": "judges the cluster file",
}
"""Checks that say something of hosts that have told nothing but their clock, and why they may."""


@pytest.fixture(
    params=[(shape, profile) for shape in all_shapes() for profile in PROFILES], ids=str
)
def fleet(request: pytest.FixtureRequest) -> tuple[str, str]:
    shape, profile = request.param
    return shape, profile


def said_of(cluster: ClusterSpec, evidence: Evidence) -> Iterator[tuple[HostSpec, Finding]]:
    for host in cluster.hosts:
        for found in findings(CATALOGUE, cluster, host, evidence):
            yield host, found


def fault_of(found: Finding, cluster: ClusterSpec, host: HostSpec | None) -> str:
    """What is wrong with a finding, whatever it says; empty when nothing is."""
    texts = (found.what, found.expected, found.seen, found.why, found.fix, found.fix_with)
    if any(len(text) >= TEXT_CHARS for text in texts):
        return "a text without bounds"
    if "could not judge" in found.seen:
        return "the check was tripped"
    if found.verdict not in ("ok", "info", "warning", "blocked", "skipped"):
        return "no verdict of a check"
    if found.verdict in ("blocked", "warning") and not (found.fix and found.why and found.seen):
        return "a trouble without a fix, a reason, or evidence"
    if found.verdict == "skipped" and not found.seen:
        return "skipped without a reason"
    return _fault_of_fix(found, cluster, host)


def _fault_of_fix(found: Finding, cluster: ClusterSpec, host: HostSpec | None) -> str:
    if bool(found.fix_kind) is not bool(found.fix_with) or (found.fix_with and not found.fix):
        return "a fix without words, or without what mends"
    if found.fix_kind == "haui":
        step = BY_STEP.get(found.fix_with)
        if step is None or host is None or not step.on(cluster, host):
            return f"{found.fix_with} does not run on this host"
        if found.verdict == "blocked":
            return "what haui mends itself blocks"
    if found.fix_kind == "answer" and found.fix_with not in PAGES:
        return f"{found.fix_with} is no page"
    if found.fix_kind == "command" and "\n" in found.fix_with:
        return "a command of several lines"
    return ""


def test_ids_stand_once() -> None:
    assert [id for id, count in Counter(check.id for check in ALL).items() if count > 1] == []
    assert set(BY_ID) == {check.id for check in ALL}


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_every_check_has_the_same_form(check: Check) -> None:
    area = "bastion" if check in bastion.CHECKS else check.area
    assert re.fullmatch(rf"{area}\.[a-z0-9]+(-[a-z0-9]+)*", check.id)
    assert check.title[0].isupper() or check.title.startswith(NAMES)
    assert not check.title.endswith((".", " ", ":"))
    assert "\n" not in check.title
    sentences = re.split(r"(?<=\.)\s+(?=[A-Z])", check.why)
    assert 1 <= len(sentences) <= 2
    assert all(sentence.endswith(".") for sentence in sentences)
    assert check.step == bastion.STEP if check in bastion.CHECKS else check.step in BY_STEP
    assert check.page is None or check.page in PAGES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_fix_that_is_written_names_a_step_or_a_page(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        names = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        if node.func.id == "by_haui" and isinstance(node.args[0], ast.Constant):
            assert names[0] in BY_STEP
        if node.func.id == "answer" and len(node.args) > 1:
            assert names[-1] in PAGES


def test_a_healthy_fleet_has_nothing_above_info(fleet: tuple[str, str]) -> None:
    cluster = cluster_of(*fleet)
    told = list(said_of(cluster, evidence_of(rubbish.healthy(*fleet))))
    assert {
        (f.check, f.verdict, f.seen) for _, f in told if f.verdict in ("warning", "blocked")
    } == set()
    assert {f.check: fault for host, f in told if (fault := fault_of(f, cluster, host))} == {}
    asked = {check.id for check in CATALOGUE for host in cluster.hosts if check.on(cluster, host)}
    assert {found.check for _, found in told} == asked


def test_a_fact_that_is_missing_never_passes_in_silence(fleet: tuple[str, str]) -> None:
    cluster = cluster_of(*fleet)
    told = list(said_of(cluster, evidence_of(rubbish.silent(*fleet))))
    loud = {found.check: found.verdict for _, found in told if found.verdict != "skipped"}
    assert {check for check in loud if check not in SILENT_VERDICTS} == set()
    assert {check for check, verdict in loud.items() if verdict in ("warning", "blocked")} == {
        "system.os"
    }
    assert {f.check: fault for host, f in told if (fault := fault_of(f, cluster, host))} == {}


def test_a_host_that_was_cut_off_is_judged_by_nothing_else() -> None:
    cluster, said = cluster_of("stacked", "production"), rubbish.healthy("stacked", "production")
    evidence = evidence_of(said)
    text = evidence.of(FACTS)["cp1"].text
    evidence.keep(FACTS, "cp1", replace(evidence.of(FACTS)["cp1"], text=text[: len(text) // 2]))
    found = findings(CATALOGUE, cluster, cluster.host("cp1"), evidence)
    assert [(each.check, each.verdict) for each in found] == [("ssh.facts", "blocked")]
    for name in ("cp2", "wk1"):
        others = findings(CATALOGUE, cluster, cluster.host(name), evidence)
        assert {f.check for f in others if f.verdict in ("warning", "blocked")} == set()


def spoiled(check: Check, numbers: range) -> Iterator[tuple[Broken, Finding]]:
    for number in numbers:
        made = Spoiler(check, number).broken()
        look = Look(made.cluster, made.cluster.host(made.host), evidence_of(made.said))
        yield made, check.finding(look)


@pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.id)
def test_rubbish_trips_no_check(check: Check) -> None:
    for made, found in spoiled(check, range(TRIES)):
        fault = fault_of(found, made.cluster, made.cluster.host(made.host))
        assert not fault, f"{fault}: {found} of {made}"


@pytest.mark.thorough
@pytest.mark.parametrize("check", CATALOGUE, ids=lambda check: check.id)
def test_more_rubbish_trips_no_check(check: Check) -> None:
    for made, found in spoiled(check, range(TRIES, MORE_TRIES)):
        fault = fault_of(found, made.cluster, made.cluster.host(made.host))
        assert not fault, f"{fault}: {found} of {made}"


@pytest.mark.parametrize("number", range(20))
def test_rubbish_in_every_fact_trips_no_check(number: int) -> None:
    """All that one host tells is spoiled at once; the others are judged beside it."""
    made = Spoiler(BY_ID["system.os"], number).spoilt_host()
    for host, found in said_of(made.cluster, evidence_of(made.said)):
        fault = fault_of(found, made.cluster, host)
        assert not fault, f"{fault}: {found} of {made}"


@pytest.mark.parametrize("check", bastion.CHECKS, ids=lambda check: check.id)
def test_rubbish_about_this_machine_trips_no_check(check: Check) -> None:
    cluster = spec(ssh={"agent": True})
    keys = (
        "terminal", "encoding", "state.folder", "state.mode", "state.free.mb", "state.filesystem",
        "key", "agent", "tool", "own",
    )  # fmt: skip
    spoiler = Spoiler(check, 0)
    for _ in range(50):
        lines = [line for key in keys for line in spoiler.lines(key, 3)]
        evidence = Evidence()
        evidence.keep(bastion.STEP, bastion.NAME, rubbish.reading(lines))
        for found in bastion.findings(cluster, evidence):
            fault = fault_of(found, cluster, None)
            assert not fault, f"{fault}: {found} of {lines}"


def test_the_comparison_of_rubbish_can_fail() -> None:
    """The rubbish reaches the checks: one that trusts what it reads is tripped."""

    def trusting(look: Look) -> object:
        return passes(str(int(look.facts.one("arch") or "0")))

    bad = replace(BY_ID["system.os"], look=trusting)  # type: ignore[arg-type]
    found = spoiled(bad, range(16))
    assert any(fault_of(f, m.cluster, None) == "the check was tripped" for m, f in found)


def test_a_command_that_is_too_long_is_left_out_whole() -> None:
    cluster, said = cluster_of("stacked", "test"), rubbish.healthy("stacked", "test")
    for count, kind in ((3, "command"), (COMMAND_CHARS // 20, "")):
        lines = [("leftover", f"/var/lib/cni/networks/{number}") for number in range(count)]
        said[FACTS]["cp1"] = [*said[FACTS]["cp1"], *lines]
        look = Look(cluster, cluster.host("cp1"), evidence_of(said))
        found = BY_ID["kubernetes.paths"].finding(look)
        assert (found.verdict, found.fix_kind, bool(found.fix_with)) == (
            "warning",
            kind,
            bool(kind),
        )
        assert found.fix


def test_a_clock_that_is_missing_is_no_clock_that_agrees() -> None:
    cluster, said = cluster_of("stacked", "test"), rubbish.silent("stacked", "test")
    said[FACTS] = {name: [] for name in said[FACTS]}
    for check in fleet_clock.CHECKS:
        look = Look(cluster, cluster.host("cp1"), evidence_of(said))
        assert check.finding(look).verdict == "skipped"


def test_the_reference_is_current() -> None:
    """Write it anew with: python -m steps.checks.reference > docs/preflight.md"""
    assert (ROOT / "docs" / "preflight.md").read_text(encoding="utf-8") == reference()


def test_the_reference_has_every_check_and_step() -> None:
    page = reference()
    for check in ALL:
        assert page.count(f"\n| `{check.id}` | ") == 1
    quiet = spec(preflight={"rehearsals": False})
    for step in preflight.STEPS:
        tried = not any(step.on(quiet, host) for host in quiet.hosts)
        assert page.count(f"\n| `{step.id}`{'*' if tried else ''} | ") == 1
    assert not re.search(r"\n\| `[^`]*` \|  \||\n\n\n", page)


@pytest.mark.parametrize("said", ["firewalld", "firewalld x", "ufw", "ufw deny", "pf in", "²"])
def test_a_firewall_that_says_little_gets_no_command_of_another(said: str) -> None:
    kept = spec(profile="production", system={"firewall": "keep"})
    found = ask("network.firewall", {"firewall": said}, cluster=kept)
    tool = said.split()[0]
    assert found.verdict == "warning"
    assert (found.fix_kind == "command") == (said == "firewalld x" or tool == "ufw")
    opened = ask("network.firewall", {"firewall": said})
    assert (opened.fix_kind == "haui") == (tool in ("firewalld", "ufw"))
