"""What the hosts page computes: rows, needs, edits, columns, files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haui.transport.text import clean_line
from haui.wizard.check import problems_of
from haui.wizard.hostlist import HostList, parse_any
from screens.glyphs import ASCII, UNICODE
from screens.host_edits import as_lines, joined, named, swapped, with_roles
from screens.host_file import UnreadableFile, completed, completions, decoded, kind_of, read_text
from screens.host_paste import safe
from screens.widgets.host_columns import fitted, name_text, roles_text, widths_for
from screens.widgets.host_preview import details, left_over, summary
from screens.widgets.host_rows import HostRow, counted, roles_needed, rows_of, summary_of
from screens.widgets.host_texts import about_list, about_row, begin_text
from tests.screens.hostlists import (
    FIVE,
    INVENTORY,
    RUBBISH,
    SSH_CONFIG,
    TABLE,
    WRONG,
    answers_of,
    host,
)
from tests.screens.worlds import HOSTILE

LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from(HOSTILE)
)
ANY = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = ("name", "address", "roles", "labels", "ssh", "interface", "fingerprint")
ENTRY = ANY | st.dictionaries(st.sampled_from(KEYS), ANY)


def rows(*hosts: Any) -> tuple[HostRow, ...]:
    answers = answers_of(*hosts)
    return rows_of(answers["hosts"], problems_of(answers))


def test_rows_of_good_hosts() -> None:
    shown = rows(*FIVE)
    assert [row.state for row in shown] == [("ok", "ok")] * 5
    assert (shown[3].labels, shown[4].ssh) == ("rack=r1", "ops:2222")


def test_rows_of_wrong_hosts() -> None:
    assert [row.state for row in rows(*WRONG)] == [
        ("ok", "ok"),
        ("wrong", "name +1"),
        ("wrong", "address +2"),
        ("wrong", "name"),
        ("wrong", "entry"),
    ]
    assert rows(host("a", 1), {"name": "b"})[1].state == ("warning", "no address +1")
    assert rows(host("a", 1, ssh={"port": "x"}))[0].state == ("wrong", "SSH port")


def test_repeated_addresses_in_another_spelling() -> None:
    twice = rows_of([{"address": "2001:db8::1"}, {"address": "2001:DB8:0::1"}])
    assert twice[1].problems[0].what == "2001:DB8:0::1 is the address of host 1 already"


def test_ssh_is_told_as_it_is_typed() -> None:
    said = [
        {"user": "ops", "address": "2001:db8::1", "port": 22},
        {"address": "203.0.113.7"},
        {"key": "~/.ssh/id"},
    ]
    assert [row.ssh for row in rows_of([{"ssh": ssh} for ssh in said])] == [
        "ops@[2001:db8::1]:22",
        "203.0.113.7",
        "~/.ssh/id",
    ]


@pytest.mark.parametrize(
    ("topology", "endpoint", "hosts", "needed"),
    [
        ("stacked", {}, (), {"control-plane": 3, "worker": 1}),
        ("stacked", {}, FIVE[:2], {"control-plane": 1, "worker": 1}),
        ("stacked", {}, FIVE, {}),
        ("stacked", {}, [host(f"cp{n}", n, "control-plane", "worker") for n in range(1, 9)], {}),
        ("single", {}, (), {"control-plane": 1, "worker": 1}),
        ("external", {}, (), {"control-plane": 3, "etcd": 3, "worker": 1}),
        ("external", {}, FIVE[:2], {"etcd": 3, "worker": 1}),
        ("external", {}, [host(f"e{n}", n, "etcd") for n in range(1, 5)],
         {"control-plane": 3, "etcd": 1, "worker": 1}),
        ("stacked", {"kind": "keepalived-haproxy", "placement": "load-balancer"}, FIVE,
         {"load-balancer": 2}),
    ],
)  # fmt: skip
def test_roles_needed(topology: str, endpoint: Any, hosts: Any, needed: Any) -> None:
    answers = {"topology": {"kind": topology}, "endpoint": endpoint, "hosts": list(hosts)}
    assert roles_needed(answers) == needed


def test_what_is_needed_satisfies_the_check() -> None:
    """Adding exactly what is said to be needed leaves no problem of the list."""
    balanced = {"kind": "keepalived-haproxy", "placement": "load-balancer", "name": "api.lan",
                "vip": "10.30.0.10"}  # fmt: skip
    for kind in ("single", "stacked", "external"):
        hosts: list[Any] = []
        answers: dict[str, Any] = {
            "name": "a", "topology": {"kind": kind}, "endpoint": balanced, "hosts": hosts,
        }  # fmt: skip
        while needed := roles_needed(answers):
            hosts.append(host(f"h{len(hosts)}", 20 + len(hosts), next(iter(needed))))
        assert [p for p in problems_of(answers) if p.loc[0] == "hosts"] == []


def test_counts_in_words() -> None:
    assert counted(1, "control-plane") == "1 control plane"
    assert counted(2, "etcd") == "2 etcd hosts"
    assert summary_of(rows(*FIVE)) == "3 control planes, 2 workers"


def test_edits_leave_what_is_no_host() -> None:
    entries = ["rubbish", {"address": "10.0.0.1", "roles": ["worker"]}, {"name": 5, "roles": 7}]
    assert swapped(entries, 0, 1)[1] == "rubbish"
    changed, count = named(entries)
    assert (changed[0], changed[1]["name"], changed[2], count) == ("rubbish", "wk1", entries[2], 1)
    both, notes = joined(entries, [{"name": "wk1", "address": "10.0.0.9"}])
    assert both[-2:] == ["rubbish", entries[2]]
    assert notes == ()
    assert with_roles(entries, {0, 1}, ["etcd"])[1]["roles"] == ["etcd"]


@settings(max_examples=60, deadline=None)
@given(entries=st.lists(ENTRY, max_size=4), width=st.integers(0, 200), text=st.text(max_size=80))
def test_anything_is_shown_and_edited(entries: list[Any], width: int, text: str) -> None:
    """Whatever stands in the answers has a row that holds nothing a terminal acts on."""
    answers = {"hosts": entries}
    shown = rows_of(entries, problems_of(answers))
    assert len(shown) == len(entries)
    columns = widths_for(width, shown)
    for row in shown:
        line = [row.name, row.address, row.ssh, row.labels, row.rest, *row.roles]
        line += [found.what + found.example for found in row.problems]
        assert all(part == clean_line(part, None) for part in line)
        assert row.has("") and isinstance(row.has(text), bool)
        about_row(row, UNICODE, first=True)
        cells = (name_text(row, under=True), roles_text(row.roles, ASCII))
        for cell in cells:
            assert fitted(cell, columns["name"]).cell_length == columns["name"]
    about_list(shown, problems_of(answers), roles_needed(answers), UNICODE, marked=1)
    begin_text(answers, rehearsal=True)
    found = parse_any(text)
    joined(entries, found.hosts)
    with_roles(entries, range(4), ["worker"])
    as_lines(named(entries)[0])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, *RUBBISH.split("\n"), *TABLE.split("\n")]) | st.text(),
        max_size=8,
    )
)
def test_any_pasted_text_has_a_preview(lines: list[str]) -> None:
    """Nothing that is pasted is lost or harmful: bad lines come back, good ones do not."""
    text = safe("\n".join(lines))
    assert not set(text) & set("\x1b\x07\x9b\u202e\r")
    found = parse_any(text)
    shown = details(found, UNICODE, 60).plain + summary(found, UNICODE).plain
    assert all(line == clean_line(line, None) for line in shown.split("\n"))
    rest = left_over(text, found)
    assert set(rest.split("\n")) <= {*text.split("\n"), ""}
    bad = {known.line for known in found.rejected if known.line}
    assert len(rest.split("\n")) >= len(bad)


def test_left_over() -> None:
    assert left_over(RUBBISH, parse_any(RUBBISH)) == "!!! what\nwk2 2"
    assert left_over("cp1 10.0.0.1 cp", parse_any("cp1 10.0.0.1 cp")) == ""
    assert left_over("x", HostList()) == ""
    broken = SSH_CONFIG + "Host \n"
    assert left_over(broken, parse_any(broken)) == broken


def test_line_breaks_of_terminals() -> None:
    assert safe("a\rb\r\nc\nd") == "a\nb\nc\nd"


def test_long_previews_are_cut() -> None:
    text = "\n".join(f"wk{n} 10.0.{n >> 8}.{n & 255}" for n in range(1, 200))
    shown = details(parse_any(text + "\n" + "! x\n" * 100), UNICODE, 80).plain
    assert "and 139 more hosts" in shown
    assert "and 40 more lines" in shown


def test_columns_give_way() -> None:
    shown = rows_of([*FIVE, host("a-rather-long-name-of-a-host", 9, "control-plane", "worker",
                                 labels={"topology.kubernetes.io/zone": "east-1"})])  # fmt: skip
    assert list(widths_for(200, shown)) == ["name", "address", "roles", "ssh", "labels", "state"]
    assert list(widths_for(73, shown)) == ["name", "address", "roles", "state"]
    for width in range(50, 200):
        columns = widths_for(width, shown)
        assert sum(columns.values()) + 2 * (len(columns) - 1) <= width


def test_kinds_of_files() -> None:
    assert kind_of(SSH_CONFIG, "config") == "SSH configuration"
    assert kind_of(TABLE, "hosts.csv") == kind_of(TABLE, "x") == "table (CSV)"
    assert kind_of(INVENTORY, "hosts.ini") == kind_of(INVENTORY, "x") == "Ansible inventory"
    assert kind_of("cp1 10.0.0.1", "x") == "lines"


def test_text_of_files(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    for data in ("wk1 10.0.0.1", b"\xef\xbb\xbfwk1 10.0.0.1".decode()):
        path.write_text(data)
        assert read_text(f" {path} ") == "wk1 10.0.0.1"
    path.write_bytes("wk1 10.0.0.1".encode("utf-16"))
    assert read_text(str(path)) == "wk1 10.0.0.1"
    with path.open("wb") as file:
        file.truncate(3 << 20)
    with pytest.raises(UnreadableFile, match="larger"):
        read_text(str(path))
    with pytest.raises(UnreadableFile, match="zero bytes"):
        decoded(b"a\0b")


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        assert "\0" not in decoded(data)
    except UnreadableFile as problem:
        assert "is not text" in str(problem)


def test_completion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("hosts.csv", "hosts.ini", ".hidden", "bad\x1bname"):
        (tmp_path / name).touch()
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert completions("") == ["hosts.csv", "hosts.ini", "inner/"]
    assert completed("h") == "hosts."
    assert completed("in") == "inner/"
    assert completed("~") == "~/"
    assert completed("~/hosts.c") == "~/hosts.csv"
    assert completed(".h") == ".hidden"
    assert completed("zzz") == "zzz"
    for path in ("/nowhere/x", "a\0b/", "~nobody-of-that-name/", "\ud800/"):
        assert completions(path) == []


def test_a_hundred_hosts_are_rows_at_once() -> None:
    """Far below what anybody notices, also on a slow machine."""
    hosts = [host(f"wk{n}", n) for n in range(1, 101)]
    begin = time.perf_counter()
    widths_for(120, rows_of(hosts))
    assert time.perf_counter() - begin < 0.5
