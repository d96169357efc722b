"""The plan as it is read before the first change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from haui.clusterfile.text import dump
from haui.preset import rehearsal_spec
from haui.record.store import ClusterStore
from haui.spec import ClusterSpec
from haui.wizard.reading import Entry, chosen, hosts_text
from haui.wizard.review import (
    Review,
    build_review,
    command_line,
    secret_variables,
    unsafe_of,
)

NOW = datetime(2026, 11, 21, 10, 43, tzinfo=UTC)


def spec_with(**changes: Any) -> ClusterSpec:
    data = rehearsal_spec(hosts=5).model_dump(mode="json") | {"name": "atlas"}
    for path, value in changes.items():
        *parents, key = path.split("__")
        part = data
        for parent in parents:
            part = part[parent]
        part[key] = value
    return ClusterSpec.model_validate(data)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Review:
    root = tmp_path_factory.mktemp("state")
    return build_review(spec_with(), ClusterStore("atlas", root), NOW)


def test_numbers(review: Review) -> None:
    assert review.hosts == 5
    assert review.tasks == len(review.plan.tasks) > 50
    assert 0 < len(review.disruptive) < review.tasks
    assert (review.existing, review.unfinished, review.estimate) == (False, False, None)


def test_every_step_stands_once_and_says_why_and_where(review: Review) -> None:
    entries = review.tabs["phases"]
    steps = list(dict.fromkeys(task.step.id for task in review.plan.tasks))
    assert len(entries) == len(steps)
    swap = next(entry for entry in entries if entry.label == "Turn swap off")
    assert swap.marked
    assert (swap.head, swap.note) == ("system", "all 5")
    assert any("system_swap_apply.sh" in line for line in swap.lines)


def test_every_host_has_all_of_its_tasks_in_order(review: Review) -> None:
    for entry in review.tabs["hosts"]:
        tasks = [t for t in review.plan.tasks if t.host.name == entry.label]
        assert entry.note == f"{len(tasks)} tasks"
        titles = [line for line in entry.lines if line[:4].strip().isdigit()]
        assert [line[6:] for line in titles] == [task.step.title for task in tasks]


def test_the_same_file_of_several_hosts_stands_once(review: Review) -> None:
    entries = [e for e in review.tabs["files"] if e.label == "/etc/haproxy/haproxy.cfg"]
    assert [e.hosts for e in entries] == [("cp1", "cp2", "cp3")]
    own = [e for e in review.tabs["files"] if e.label == "/etc/keepalived/keepalived.conf"]
    assert len(own) == 3, "what differs from host to host stands for each"
    assert all(entry.numbered for entry in review.tabs["files"])


def test_every_script_can_be_read_with_its_environment(review: Review) -> None:
    entries = {entry.label: entry for entry in review.tabs["commands"]}
    probe = entries["preflight_facts_probe.sh"]
    assert any(line.startswith("HAUI_") for line in probe.lines)
    assert "    facts_end" in probe.lines
    shared = [line for line in probe.lines if line.startswith("# on ")]
    told = " ".join(line.removeprefix("# on ") for line in shared).split()
    assert sorted(told) == ["cp1", "cp2", "cp3", "wk1", "wk2"]


def test_answers_are_the_whole_file(review: Review) -> None:
    (entry,) = review.tabs["answers"]
    assert "\n".join(entry.lines) + "\n" == dump(review.plan.spec)


def test_what_is_let_pass_is_read_with_its_reason(tmp_path: Path) -> None:
    passed = {"ports.free@cp1": "k3s goes", "sizes.memory": "a test"}
    spec = spec_with(preflight__overrides=passed)
    entries = build_review(spec, ClusterStore("atlas", tmp_path), NOW).tabs["answers"]
    assert (entries[0].label, entries[0].note) == ("let pass", "2 findings")
    assert entries[0].lines == (
        "ports.free on cp1", "  k3s goes", "sizes.memory on every host", "  a test",
    )  # fmt: skip
    assert entries[-1].label == "atlas.yaml"


def test_what_is_there_already_is_compared(tmp_path: Path) -> None:
    store = ClusterStore("atlas", tmp_path)
    store.create()
    store.write_private("cluster.yaml", dump(spec_with()).encode())
    changed = build_review(spec_with(network__services="10.97.0.0/16"), store, NOW)
    assert changed.existing
    assert changed.changes == ("network.services: 10.61.0.0/16 → 10.97.0.0/16",)
    first = changed.tabs["answers"][0]
    assert (first.label, first.note, first.lines) == ("changes", "1 differs", changed.changes)
    same = build_review(spec_with(), store, NOW)
    assert (same.changes, same.tabs["answers"][0].note) == ((), "none")
    store.write_private("cluster.yaml", b"format: haui/1\n")
    broken = build_review(spec_with(), store, NOW)
    assert "can't be read" in broken.changes[0]


def test_what_is_unsafe_has_to_be_accepted() -> None:
    assert unsafe_of(spec_with()) == ()
    packages = {"mirror": "http://mirror.lan/haui", "unsigned": True}
    found = unsafe_of(
        spec_with(
            supply__packages=packages,
            advanced__ignore_preflight_errors=["Mem"],
            advanced__skip_phases=["addon/coredns"],
            advanced__kubeadm={"ClusterConfiguration": {"featureGates": {}}},
            advanced__containerd={"disable_apparmor": True},
        )
    )
    assert [name for name, _ in found] == [
        "unsigned", "kubeadm", "ignored", "skipped", "containerd",
    ]  # fmt: skip
    assert all(text and "\n" not in text for _, text in found)


def test_the_command_line_is_safe_to_paste() -> None:
    assert command_line("atlas.yaml") == "haui apply atlas.yaml --yes"
    assert command_line("a b; rm -rf.yaml") == "haui apply 'a b; rm -rf.yaml' --yes"
    assert command_line("atlas.yaml", rehearsal=True) == "haui rehearse atlas.yaml --plain"


def test_secrets_that_the_command_needs() -> None:
    assert secret_variables(spec_with()) == ()
    needy = spec_with(ssh__password=True, ssh__sudo="password", supply__images__username="puller")
    assert secret_variables(needy) == (
        "HAUI_SSH_PASSWORD", "HAUI_SUDO_PASSWORD", "HAUI_REGISTRY_PASSWORD",
    )  # fmt: skip


def test_search_and_host_names() -> None:
    entries = (Entry(label="a.sh", lines=("kubeadm Init",)), Entry(label="b.sh", lines=()))
    assert chosen(entries, "") == entries
    assert chosen(entries, "init") == chosen(entries, "Init") == entries[:1]
    assert chosen(entries, "INIT") == ()
    assert chosen(entries, "b.s") == entries[1:]
    assert hosts_text(("a",), 1) == "a"
    assert hosts_text(("a", "b"), 2) == "all 2"
    assert hosts_text(("a", "b", "c", "d"), 9) == "4 hosts"
