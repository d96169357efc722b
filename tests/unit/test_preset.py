"""Presets: what ships is right, what an admin writes is checked, rehearsals are complete."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from haui import preset
from haui.clusterfile.load import SpecFileError, dump, load, load_text, schema
from haui.clusterfile.rules import problems, refusals
from haui.errors import SpecError, UsageError
from haui.preset_own import save_own
from haui.spec import ClusterSpec
from tests.unit.spec_samples import BASE, DATA, SINGLE, line_of

SHIPPED = [entry.name for entry in preset.list_presets(Path("nowhere"))]
FOLDER = Path(preset.__file__).parents[1] / "presets"


def test_one_preset_for_each_supported_shape() -> None:
    assert SHIPPED == [
        "airgapped-mirror",
        "airgapped-own-registry",
        "external-balancer",
        "external-balancer-2-sites",
        "external-etcd-3",
        "external-etcd-3-dedicated-lb",
        "lab-bridge",
        "single",
        "stacked-3-calico",
        "stacked-3-cilium",
        "stacked-3-dedicated-lb",
        "stacked-3-keepalived-haproxy",
        "stacked-3-keepalived-nginx",
        "stacked-3-kube-vip",
        "stacked-5-keepalived-haproxy",
    ]
    assert preset.DEFAULT_PRESET in SHIPPED


def test_a_folder_that_can_t_be_read_is_told_and_the_others_are_there(tmp_path: Path) -> None:
    locked = tmp_path / ("a" * 300)  # root may read all folders, but not one with such a name
    *shipped, mine = preset.list_presets(locked)
    assert [entry.name for entry in shipped] == SHIPPED
    assert mine.problem == f"{locked} can't be read: File name too long"
    with pytest.raises(SpecError, match="can't be read: File name too long"):
        preset.load_preset("rack-7", locked)
    with pytest.raises(UsageError, match="can't be written"):
        save_own("rack-7", preset.preset_text("single"), own=locked, overwrite=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_preset_is_commented_and_holds_no_address(name: str) -> None:
    entry = preset.load_preset(name)
    assert entry.text == preset.preset_text(name) == (FOLDER / f"{name}.yaml").read_text()
    assert 20 <= len(entry.title) <= 100
    assert entry.answers["format"] == "haui/1"
    assert sum(line.startswith("#") for line in entry.text.splitlines()) >= 5
    assert "name" not in entry.answers
    assert "vip" not in entry.answers["endpoint"]
    assert all(set(host) <= {"name", "roles", "labels", "site"} for host in entry.answers["hosts"])
    known = schema()["properties"]
    assert set(entry.answers) <= set(known)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("count", [None, 8, 100])
def test_every_preset_can_be_rehearsed(name: str, count: int | None) -> None:
    spec = preset.rehearsal_spec(name, hosts=count)
    answers = preset.load_preset(name).answers
    assert not problems(spec) and not refusals(spec)
    assert len(spec.hosts) == (count or len(answers["hosts"]))
    assert spec.topology.kind == answers["topology"]["kind"]
    assert spec.endpoint.kind == answers["endpoint"]["kind"]
    assert spec.network.cni.kind == answers["network"]["cni"]["kind"]
    planes = sum("control-plane" in host["roles"] for host in answers["hosts"])
    assert len(spec.control_planes) == planes
    assert len({host.address for host in spec.hosts}) == len(spec.hosts)
    assert load_text(dump(spec), name="again").spec == spec


def _names(spec: ClusterSpec) -> list[str]:
    return [host.name for host in spec.hosts]


def test_the_usual_rehearsal() -> None:
    spec = preset.rehearsal_spec()
    assert _names(spec) == ["cp1", "cp2", "cp3", "wk1", "wk2"]
    assert [host.address for host in spec.hosts][:2] == ["10.30.0.11", "10.30.0.12"]
    assert (spec.name, spec.endpoint.vip) == ("rehearsal", "10.30.0.10")
    assert [host.name for host in spec.workers] == ["wk1", "wk2"]


@pytest.mark.parametrize("count", range(3, 101))
def test_any_number_of_hosts(count: int) -> None:
    spec = preset.rehearsal_spec(hosts=count)
    assert len(spec.hosts) == len({host.address for host in spec.hosts}) == count
    assert len(spec.control_planes) == 3
    assert len(spec.workers) == count - 3
    assert len(spec.having("worker")) == max(count - 3, 3 if count == 3 else 1)


@pytest.mark.parametrize(
    ("name", "count"),
    [("single", 2), ("single", 101), ("stacked-5-keepalived-haproxy", 4),
     ("stacked-3-dedicated-lb", 4), ("stacked-3-keepalived-haproxy", 0)],
)  # fmt: skip
def test_numbers_that_do_not_fit(name: str, count: int) -> None:
    with pytest.raises(UsageError, match=f"not {count}") as caught:
        preset.rehearsal_spec(name, hosts=count)
    fitting = int(caught.value.fix.split()[1])
    assert len(preset.rehearsal_spec(name, hosts=fitting).hosts) == fitting


def test_dedicated_balancers_stay_apart() -> None:
    spec = preset.rehearsal_spec("stacked-3-dedicated-lb", hosts=6)
    assert _names(spec) == ["cp1", "cp2", "cp3", "lb1", "lb2", "wk1"]
    assert [host.name for host in spec.balancers] == ["lb1", "lb2"]


def test_a_cluster_file_can_be_rehearsed_without_its_secrets_and_addresses() -> None:
    spec = preset.rehearsal_spec(str(DATA / "atlas.yaml"))
    assert spec.name == "rehearsal"
    assert _names(spec) == ["cp1", "cp2", "cp3", "wk1", "wk2"]
    assert spec.ssh.key is None and spec.ssh.jump is None
    assert spec.supply.images.ca is None and spec.supply.images.registries
    assert spec.host("wk1").labels == {"rack": "r1"}


def test_what_is_filled_in_never_collides_with_what_is_said() -> None:
    text = "network: {pods: 10.30.0.0/16, services: 10.130.0.0/16}\n"
    answers = preset.check(text)
    entry = preset.Preset(name="x", title="", text=text, answers=answers)
    assert preset.rehearsal_spec(entry, hosts=4).endpoint.vip == "172.30.30.10"


GOOD = {
    "almost nothing": "profile: test\n",
    "hosts without names": "hosts: [{roles: [control-plane, worker]}]\ntopology: {kind: single}\n",
    "some addresses": SINGLE,
    "a whole file": BASE,
    "an address given": "endpoint: {vip: 192.168.7.10}\n",
    "a host's address given": (
        "hosts:\n  - {roles: [control-plane], address: 10.30.0.10}\n"
        "  - {roles: [control-plane]}\n  - {roles: [control-plane]}\n  - {roles: [worker]}\n"
    ),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_what_may_be_left_out(text: str) -> None:
    assert preset.check(text) == yaml.safe_load(text)


BAD = {
    "field": ("network:\n  pods: 10.60.0.0 # here\n", "network.pods", "prefix length"),
    "key": ("netwrk: {} # here\n", "netwrk", "did you mean network?"),
    "word": ("ssh:\n  agent: on # here\n", "ssh.agent", "write true or false"),
    "refused": (
        "network:\n  pods: fd00:60::/56 # here\n  services: fd00:61::/112\n",
        "network.pods", "not in this version",
    ),
    "rule": (
        "network:\n  pods: 10.60.0.0/16\n  services: 10.60.0.0/16 # here\n",
        "network.services", "overlaps",
    ),
    "port": ("endpoint:\n  port: 6443 # here\n", "endpoint.port", "the API server itself"),
    "roles": ("hosts: # here\n  - {name: a}\n", "hosts[0].roles", "is missing"),
    "count": (
        "hosts: # here\n" + 2 * "  - {roles: [control-plane]}\n" + "  - {roles: [worker]}\n",
        "hosts", "2 control planes",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "path", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_there_obeys_the_rules(text: str, path: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        preset.check(text, name="mine.yaml")
    error = caught.value
    assert isinstance(error, SpecFileError)
    (found,) = error.problems
    assert found.path == path and words in found.what
    near = 1 if path == "hosts[0].roles" else 0
    assert found.line - near == line_of(text)


def test_the_admins_own_presets(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text("# My rack\nprofile: test\n")
    (tmp_path / "wrong.yaml").write_text("# Oops\nprofle: test\n")
    (tmp_path / "notes.txt").write_text("not a preset")
    own = [entry for entry in preset.list_presets(tmp_path) if entry.own]
    assert [(entry.name, entry.title, bool(entry.problem)) for entry in own] == [
        ("home", "My rack", False),
        ("wrong", "", True),
    ]
    assert "did you mean profile?" in own[1].problem
    assert preset.load_preset("home", tmp_path).answers == {"profile": "test"}
    with pytest.raises(SpecError, match="profle"):
        preset.load_preset("wrong", tmp_path)
    with pytest.raises(SpecError, match="profle"):
        preset.rehearsal_spec(own[1])


def test_the_folder_of_own_presets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert preset.own_folder() == tmp_path / "haui" / "presets"


def test_unknown_names_and_files(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="did you mean single") as caught:
        preset.load_preset("singel", tmp_path)
    assert caught.value.exit_code == 3
    with pytest.raises(SpecError, match="can't be read"):
        preset.load_preset(str(tmp_path / "none.yaml"))
    (tmp_path / "latin.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match=r"latin\.yaml:1: byte 0xff is not UTF-8"):
        preset.check_file(tmp_path / "latin.yaml")


def test_export_leaves_out_who_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(DATA))
    fingerprint = "SHA256:" + "a" * 43
    spec = load(DATA / "atlas.yaml").spec
    hosts = [host.model_dump(exclude_defaults=True) for host in spec.hosts]
    hosts[3] |= {"fingerprint": fingerprint, "ssh": {"address": "203.0.113.7"}}
    spec = ClusterSpec.model_validate(spec.model_dump() | {"hosts": hosts})
    text = preset.export(spec)
    for private in ("10.30.0", "203.0.113.7", fingerprint, "gate.lan", str(DATA), "CERTIFICATE"):
        assert private not in text
    answers = preset.check(text)
    assert [host["name"] for host in answers["hosts"]] == [host.name for host in spec.hosts]
    assert answers["hosts"][3] == {"name": "wk-a", "roles": ["worker"], "labels": {"rack": "r1"}}
    assert answers["ssh"]["key"] == "~/login-key"
    assert text.startswith("# The shape of the cluster atlas\n")


def test_export_with_addresses_is_the_same_cluster() -> None:
    spec = load(DATA / "atlas.yaml").spec
    whole = preset.export(spec, addresses=True)
    assert load_text(whole, name="again").spec == spec


def test_paths_in_a_preset_file_are_meant_from_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "shape.yaml"
    path.write_text(
        "format: haui/1\n"
        "ssh: {key: ./id}\n"
        "supply: {images: {repository: hub.lan/k8s, ca: sub/ca.pem}}\n"
        "hosts:\n"
        "  - {roles: [control-plane], ssh: {key: ~/other}}\n"
        "  - {roles: [control-plane], ssh: {key: /abs}}\n"
        "  - {roles: [control-plane, worker]}\n"
    )
    answers = preset.load_preset(str(path)).answers
    assert answers["ssh"]["key"] == str(tmp_path / "id")
    assert answers["supply"]["images"]["ca"] == str(tmp_path / "sub" / "ca.pem")
    assert [host.get("ssh", {}).get("key") for host in answers["hosts"]] == [
        "~/other",
        "/abs",
        None,
    ]
