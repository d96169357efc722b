"""Host lists: what lines, tables, SSH configurations and inventories give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haui.clusterfile.fill import Fleet
from haui.wizard.hostlist import (
    HostList,
    aliases_of,
    complete,
    merge,
    parse_any,
    parse_csv,
    parse_inventory,
    parse_lines,
    parse_ssh_config,
    to_lines,
)
from haui.wizard.hostlists.result import MAX_CHARS, MAX_HOSTS, MAX_LINES
from tests.unit.spec_samples import steady

DATA = Path(__file__).parent / "data" / "hostlists"


def table(name: str) -> list[tuple[str, str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [(a, b) for a, sep, b in (line.partition(" => ") for line in lines) if sep]


def read(name: str) -> HostList:
    return parse_any((DATA / name).read_text(encoding="utf-8"), name)


def by_name(found: HostList) -> dict[str, Any]:
    return {host["name"]: host for host in found.hosts}


@pytest.mark.parametrize(("line", "hosts"), table("accepted.txt"))
def test_accepted(line: str, hosts: str) -> None:
    found = parse_lines(line)
    assert list(found.hosts) == json.loads(hosts)
    assert not found.rejected


@pytest.mark.parametrize(("line", "why"), table("refused.txt"))
def test_refused(line: str, why: str) -> None:
    found = parse_lines(f"\n{line}\nok 10.9.9.9")
    assert found.hosts == ({"name": "ok", "address": "10.9.9.9"},)
    assert [(item.line, item.text) for item in found.rejected] == [(2, line)]
    assert why in found.rejected[0].why


def test_hostile_text_is_shown_harmless() -> None:
    line = "\x1b]0;x\x07\x1b[31m10.0.0.1\x1b[0m \u202e[/etc] password=hunter2 " + "y" * 500
    (item,) = parse_lines(line).rejected
    assert len(item.text) <= 120
    assert "hunter2" not in item.text
    assert (item.text + item.why + item.example).isprintable()


def test_comments_and_the_byte_order_mark_are_passed_over() -> None:
    assert len(parse_lines("\ufeff10.0.0.1 cp # first\r\n\r\n# none\r10.0.0.2").hosts) == 2


def test_the_same_host_twice_is_one_and_noted() -> None:
    found = parse_lines("a 10.0.0.1 cp x=1\nb 10.0.0.2\na worker y=2")
    assert by_name(found)["a"]["roles"] == ["worker"]
    assert by_name(found)["a"]["labels"] == {"x": "1", "y": "2"}
    assert found.notes == ("line 3: a stands in line 1 already; the later line wins",)


def test_csv_with_a_header() -> None:
    found = read("table.csv")
    assert found.hosts[0] == {
        "name": "cp1",
        "address": "10.0.0.1",
        "roles": ["control-plane", "worker"],
        "labels": {"rack": "r1"},
        "ssh": {"user": "ops"},
    }
    assert [host["name"] for host in found.hosts] == ["cp1", "wk1", "wk2"]
    assert [item.line for item in found.rejected] == [5, 6]
    assert "geheim" not in repr(found)
    assert any("serial" in note for note in found.notes)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_without_a_header(mark: str) -> None:
    found = parse_csv(mark.join(("cp1", "10.0.0.1", "cp worker")))
    assert found.hosts[0]["roles"] == ["control-plane", "worker"]
    assert parse_csv(mark.join(("node", "10.0.0.1"))).rejected == ()


def test_ssh_config() -> None:
    text = (DATA / "ssh_config").read_text(encoding="utf-8")
    assert aliases_of(text) == ("cp1", "cp2", "cp3")
    found = by_name(parse_ssh_config(text, None))
    assert found["cp1"]["ssh"] == {
        "user": "nobody2",
        "key": "~/my keys/id",
        "address": "cp1.example.org",
    }
    assert "key" not in found["cp2"]["ssh"]
    assert found["cp3"]["address"] == "10.0.0.3"
    assert found["cp3"]["ssh"]["port"] == 2222
    notes = " ".join(parse_ssh_config(text, None).notes)
    assert "ProxyJump of 2 hosts is not taken over: set the jump host (gate.lan)" in notes
    assert "Match" in notes
    assert "Include" in notes
    chosen = parse_ssh_config(text, ["cp3", "nope"])
    assert [host["name"] for host in chosen.hosts] == ["cp3"]
    assert "no Host line names 'nope'" in chosen.rejected[0].why


def test_inventory_in_ini() -> None:
    found = read("kubespray.ini")
    hosts = by_name(found)
    assert list(hosts) == ["node1", "node2", "node3", "wk01.lan", "wk02.lan"]
    assert hosts["node1"] == {
        "name": "node1",
        "address": "10.3.0.1",
        "roles": ["control-plane"],
        "ssh": {"user": "ops", "address": "203.0.113.1"},
    }
    assert hosts["wk02.lan"] == {"name": "wk02.lan", "roles": ["worker"], "ssh": {"user": "adm"}}
    assert [item.line for item in found.rejected] == [7]
    assert "geheim" not in repr(found)
    for words in ("passwords", "templates", "gate", "topology stacked"):
        assert any(words in note for note in found.notes)


def test_inventory_in_yaml() -> None:
    found = read("inventory.yaml")
    hosts = by_name(found)
    assert hosts["n1"]["roles"] == ["control-plane"]
    assert hosts["n1"]["ssh"] == {"user": "ops", "port": 2222}
    assert hosts["n2"]["ssh"] == {"user": "adm"}
    assert hosts["w2"]["roles"] == ["worker"]
    assert [item.line for item in found.rejected] == [16]


@pytest.mark.parametrize(
    "text", ["a: &a [x]\nb: *a\n", "all: {hosts: !!python/none {}}", "a: [" * 99]
)
def test_yaml_bombs_are_one_complaint(text: str) -> None:
    found = parse_any(text, "hosts.yml")
    assert not found.hosts
    assert len(found.rejected) == 1


def test_groups_in_a_circle_end() -> None:
    assert parse_inventory("[a:children]\nb\n[b:children]\na\n[b]\nn1\n").hosts == ({"name": "n1"},)


@pytest.mark.parametrize(
    "text",
    [
        "x" * (MAX_CHARS + 1),
        "x\n" * MAX_LINES + "x",
        bytes(range(256)).decode("latin1") * 50,
    ],
    ids=["large", "many lines", "binary"],
)
def test_too_much_is_one_complaint(text: str) -> None:
    for parse in (parse_any, parse_lines, parse_csv, parse_inventory):
        assert len(parse(text).rejected) == 1
        assert not parse(text).hosts


def test_ranges_together_have_a_limit() -> None:
    found = parse_lines("w[1-600]\nv[1-600]\n" * 3000)
    assert len(found.hosts) <= MAX_HOSTS
    assert len(found.rejected) == 1
    assert len(parse_lines("w 10.0.[0-9].[0-99]\n" * 3000).rejected) < 20


def test_complete_names_by_role() -> None:
    hosts = parse_lines("10.0.0.[1-2] cp\n10.0.0.3 wk\n10.0.0.4 etcd\n10.0.0.5 lb\n10.0.0.6").hosts
    named = complete(hosts, {"cp1"})
    assert [host.get("name") for host in named] == ["cp2", "cp3", "wk1", "et1", "lb1", None]
    assert named[-1]["roles"] == []


def test_names_are_those_of_completed_presets() -> None:
    fleet = Fleet.of({"endpoint": {"placement": "load-balancer"}})
    hosts = [{"roles": host["roles"], "address": "x"} for host in fleet.hosts(8)]
    assert [h["name"] for h in complete(hosts)] == [h["name"] for h in fleet.hosts(8)]


def test_merge() -> None:
    old = (
        {"name": "a", "address": "10.0.0.1", "roles": ["worker"]},
        {"name": "b", "address": "10.0.0.2"},
    )
    hosts, notes = merge(old, parse_lines("10.0.0.1 cp\nc 10.0.0.3").hosts)
    assert [host["name"] for host in hosts] == ["a", "b", "c"]
    assert hosts[0]["roles"] == ["control-plane"]
    assert notes
    swapped, notes = merge(old, parse_lines("a 10.0.0.2\nb 10.0.0.1").hosts)
    assert [host["address"] for host in swapped] == ["10.0.0.2", "10.0.0.1"]
    robbed, notes = merge(old, parse_lines("a 10.0.0.2").hosts)
    assert "address" not in robbed[1]
    assert any(note.startswith("b has no address") for note in notes)


LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
ROLES = st.lists(
    st.sampled_from(("control-plane", "worker", "etcd", "load-balancer", "registry", "storage")),
    min_size=1,
    unique=True,
)
TEXT = st.text(min_size=1, max_size=12).filter(
    lambda t: t == t.strip() and t.isprintable() and t[0] != "-"
)
SSH = st.fixed_dictionaries(
    {},
    optional={
        "user": st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,6}", fullmatch=True),
        "port": st.integers(1, 65535),
        "key": TEXT,
        "address": st.just("203.0.113.7"),
    },
).filter(bool)
NAME = st.one_of(
    LABEL,
    st.from_regex(r"[a-z0-9]{1,4}[.-][a-z0-9]{0,3}[a-z]", fullmatch=True),
    st.sampled_from(("cp", "nodes", "10.0.0.11-13", "7", "etcd")),
)
HOST = st.fixed_dictionaries(
    {
        "address": st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
        .filter(
            lambda ip: (
                not (ip.is_multicast or ip.is_loopback or ip.is_unspecified) and "%" not in str(ip)
            )
        )
        .map(str)
    },
    optional={
        "name": NAME,
        "roles": ROLES,
        "labels": st.dictionaries(
            st.one_of(LABEL, st.sampled_from(("user", "role", "a.b/c"))),
            LABEL,
            min_size=1,
            max_size=3,
        ),
        "ssh": SSH,
    },
)


@steady
@given(
    st.lists(
        HOST,
        max_size=5,
        unique_by=(lambda h: str(h["address"]), lambda h: str(h.get("name", h["address"]))),
    )
)
def test_lines_written_are_read_as_the_same_hosts(hosts: list[dict[str, Any]]) -> None:
    found = parse_lines(to_lines(hosts))
    assert found.rejected == ()
    assert list(found.hosts) == hosts
    assert to_lines(found.hosts) == to_lines(hosts)


NOISE = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="[]-:,.#\"'=@/\\{}$()%&*!\x1b\u202e 019acpwk\n", max_size=40),
)


@steady
@given(st.lists(NOISE, max_size=6))
def test_good_lines_stay_whatever_stands_between(noise: list[str]) -> None:
    good = [f"good{i}.zone 192.0.2.{i} worker" for i in range(1, len(noise) + 1)]
    text = "".join(f"{line}\n{other}\n" for line, other in zip(good, noise, strict=True))
    names = {host.get("name") for host in parse_lines(text).hosts}
    assert names >= {line.split()[0] for line in good}


@steady
@given(NOISE, st.sampled_from(("", "x.csv", "x.yml", "x.ini", ".ssh/config", "hosts")))
def test_no_text_raises(text: str, name: str) -> None:
    for start in ("", "all:\n  hosts:\n    a: ", "[a]\n", "Host a\nPort ", "name,address\na,"):
        for found in (parse_any(start + text, name), parse_ssh_config(start + text, None)):
            for item in found.rejected:
                assert len(item.text) <= 120
                assert (item.text + item.why + item.example).isprintable()


def test_roles_that_are_no_list_are_no_roles() -> None:
    """A draft may hold anything."""
    (host,) = complete([{"address": "10.0.0.1", "roles": None}])
    assert host["roles"] == []
