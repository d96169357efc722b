"""Presets from clusters and from half-given answers; the admin's own presets on disk."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from haui.clusterfile.load import SpecFileError
from haui.clusterfile.messages import visible_fields
from haui.clusterfile.yamltree import read
from haui.errors import SpecError, UsageError
from haui.preset import (
    Preset,
    check,
    export,
    export_draft,
    list_presets,
    load_preset,
    read_preset,
    rehearsal_spec,
)
from haui.preset_own import delete_own, save_own
from haui.secret import Secret
from haui.spec import ClusterSpec
from tests.unit.spec_samples import steady
from tests.unit.specs import shapes

ANSWERS: dict[str, Any] = {
    "name": "atlas",
    "profile": "test",
    "endpoint": {
        "kind": "keepalived-haproxy", "name": "api.atlas.lan", "vip": "10.30.0.10", "port": 8443,
    },
    "network": {"pods": "10.60.0.0/16", "services": "10.61.0.0/16", "cni": {"kind": "flannel"}},
    "ssh": {"user": "ops", "jump": "ops@gate.lan", "key": "~/.ssh/id_ed25519"},
    "hosts": [
        {"name": "cp-a", "address": "10.30.0.11", "roles": ["control-plane"],
         "fingerprint": "SHA256:" + "a" * 43, "ssh": {"address": "203.0.113.7", "port": 2222}},
        {"name": "cp-b", "address": "10.30.0.12", "roles": ["control-plane"]},
        {"name": "cp-c", "address": "10.30.0.13", "roles": ["control-plane"],
         "ssh": {"address": "203.0.113.9"}},
        {"name": "wk-a", "address": "10.30.0.21", "roles": ["worker"], "labels": {"rack": "r1"}},
    ],
}  # fmt: skip
PRIVATE = ("10.30.0", "203.0.113", "gate.lan", "atlas", "SHA256")


def test_complete_answers_come_back_as_they_were() -> None:
    text = export_draft(ANSWERS, addresses=True)
    assert check(text) == {"format": "haui/1"} | ANSWERS
    assert text.startswith("# Answers so far")
    for key in ANSWERS:
        described = visible_fields(ClusterSpec)[key].description
        assert f"# {described}\n{key}:" in text


def test_what_says_where_is_left_out() -> None:
    text = export_draft(ANSWERS)
    assert not [word for word in PRIVATE if word in text]
    answers = check(text)
    assert answers["endpoint"] == {"kind": "keepalived-haproxy", "port": 8443}
    assert answers["hosts"][0] == {
        "name": "cp-a", "roles": ["control-plane"], "ssh": {"port": 2222}
    }  # fmt: skip
    assert "ssh" not in answers["hosts"][2]
    assert answers["ssh"] == {"user": "ops", "key": "~/.ssh/id_ed25519"}


@pytest.mark.parametrize("keys", [(), ("profile",), ("network", "ssh"), ("endpoint",), ("hosts",)])
def test_incomplete_answers_come_back(keys: tuple[str, ...]) -> None:
    some = {key: ANSWERS[key] for key in keys}
    assert check(export_draft(some, addresses=True)) == {"format": "haui/1"} | some


def test_secrets_and_what_is_no_answer_stay_out() -> None:
    answers = {
        "password": "canary-1",
        "ssh": {"password": True, "sudo_password": "canary-2", "user": Secret("canary-3")},
        "supply": {
            "proxy": {"http": "http://ops:canary-4@proxy.lan:3128", "https": None},
            "images": {"registries": {"docker.io": "https://u:canary-5@hub.lan"}},
            "packages": {"key_text": "canary-6", "unsigned": True},
        },
        "hosts": [{"roles": ["worker"], "secret": "canary-7"}, "canary-8", None],
        "advanced": {"kubeadm": {"ClusterConfiguration": {"a": b"canary-9", "b": [1, 2.5]}}},
        "profile": None,
        5: "canary-10",
    }
    text = export_draft(answers, addresses=True)  # type: ignore[arg-type]
    assert "canary" not in text and "••••" not in text
    assert yaml.safe_load(text) == {
        "format": "haui/1",
        "supply": {"packages": {"unsigned": True}, "images": {"registries": {}}, "proxy": {}},
        "ssh": {"password": True},
        "hosts": [{"roles": ["worker"]}],
        "advanced": {"kubeadm": {"ClusterConfiguration": {"b": [1, 2.5]}}},
    }


def test_wrong_answers_are_written_as_they_are_and_found_again() -> None:
    wrong = {"network": {"pods": "nonsense"}, "topology": "stacked", "hosts": "10.0.0.1"}
    text = export_draft(wrong, addresses=True)
    with pytest.raises(SpecFileError) as caught:
        check(text, name="draft")
    paths = {problem.path: problem.line for problem in caught.value.problems}
    assert set(paths) == {"network.pods", "topology", "hosts"} and all(paths.values())


def test_wrong_answers_hide_no_address() -> None:
    wrong = {"endpoint": "10.0.0.1", "ssh": ["10.0.0.2"], "hosts": "10.0.0.3", "name": ["10.0.0.4"]}
    odd = {"endpoint": {"bgp": "10.0.0.5"}, "hosts": [{"ssh": "10.0.0.6", "roles": ["worker"]}]}
    assert "10.0.0" not in export_draft(wrong) + export_draft(odd)


def test_hostile_text_stays_text() -> None:
    evil = 'a: b\n# c: {x}\n- "1'
    text = export_draft({"name": evil, "ssh": {"user": "yes", "jump": "0x1"}}, addresses=True)
    assert yaml.safe_load(text)["name"] == evil
    assert read(text).data["ssh"] == {"user": "yes", "jump": "0x1"}


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "kind", "hosts", "ssh", "cni", "roles", "port", "zz"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@steady
@given(st.dictionaries(st.sampled_from(list(ClusterSpec.model_fields)), TREES), st.booleans())
def test_any_answers_give_a_text_that_is_yaml(answers: dict[str, Any], addresses: bool) -> None:
    data = yaml.safe_load(export_draft(answers, addresses=addresses))
    assert data["format"] == "haui/1"
    assert addresses or "name" not in data


@pytest.mark.parametrize(
    "shape", ["stacked", "single", "dedicated-lb", "ipvs", "external-balancer"]
)
def test_a_cluster_can_be_exported_and_begun_again(shape: str) -> None:
    spec = shapes()[shape]
    text = export(spec)
    assert "api." not in text and "10.30.0." not in text
    assert check(text)["topology"]["kind"] == spec.topology.kind
    assert all(text.count(f"# {info.description}\n") == 1 for name, info in
               visible_fields(ClusterSpec).items() if name != "name")  # fmt: skip


def test_bgp_routers_are_addresses_too() -> None:
    peers = [{"address": "10.30.0.1", "asn": 65001}]
    bgp = {"asn": 65010, "peers": peers}
    answers = {"endpoint": {"kind": "kube-vip", "port": 6443, "mode": "bgp", "bgp": bgp}}
    assert check(export_draft(answers, addresses=True)) == {"format": "haui/1"} | answers
    kept = check(export_draft(answers))
    assert kept["endpoint"]["bgp"] == {"asn": 65010}
    entry = Preset(name="x", title="", text="", answers=kept)
    assert rehearsal_spec(entry).endpoint.bgp.peers[0].address == "192.0.2.1"


def test_own_presets_are_saved_privately_and_never_by_accident(tmp_path: Path) -> None:
    own = tmp_path / "haui" / "presets"
    path = save_own("rack-7", "# My rack\nprofile: test\n", own=own)
    assert path == own / "rack-7.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    assert load_preset("rack-7", own).title == "My rack"
    with pytest.raises(UsageError, match="already"):
        save_own("rack-7", "profile: production\n", own=own)
    assert "test" in path.read_text()
    save_own("rack-7", "profile: production\n", own=own, overwrite=True)
    assert load_preset("rack-7", own).answers == {"profile": "production"}
    assert [entry.name for entry in own.iterdir()] == ["rack-7.yaml"]
    assert delete_own("rack-7", own=own) == path
    with pytest.raises(SpecError, match="no preset 'rack-7' of yours"):
        delete_own("rack-7", own=own)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "UP", "x" * 65, "a b", "x\n"])
def test_names_that_are_no_files(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no name for a preset"):
        save_own(name, "profile: test\n", own=tmp_path)
    with pytest.raises(UsageError, match="is no name for a preset"):
        delete_own(name, own=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_ships_can_not_be_hidden_or_deleted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ships with haui"):
        save_own("single", "profile: test\n", own=tmp_path)
    with pytest.raises(UsageError, match="ships with haui"):
        delete_own("single", own=tmp_path)


def test_a_broken_preset_is_reported_with_its_line_and_left_alone(tmp_path: Path) -> None:
    broken = tmp_path / "mine.yaml"
    broken.write_text("# Oops\nprofle: test\nnetwrk: {}\n")
    (entry,) = [entry for entry in list_presets(tmp_path) if entry.own]
    assert entry.problem.startswith("mine.yaml:2: profle: is not a key")
    assert entry.problem.endswith("; and 1 more")
    with pytest.raises(SpecError, match=r"mine\.yaml has 2 problems"):
        save_own("mine", "profile: test\n", own=tmp_path, overwrite=True)
    assert broken.read_text().startswith("# Oops")
    assert delete_own("mine", own=tmp_path) == broken


def test_a_text_that_is_no_preset_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(SpecFileError, match=r"mine\.yaml:1: profile"):
        save_own("mine", "profile: tset\n", own=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="can't be written"):
        save_own("mine", "profile: test\n", own=tmp_path / "file")


def test_an_older_format_says_what_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text("format: haui/0\npod_cidr: 10.60.0.0/16\n")
    found = read_preset(path)
    assert found.answers == {"format": "haui/1", "network": {"pods": "10.60.0.0/16"}}
    assert found.notes[1] == "line 2: pod_cidr is network.pods now"
