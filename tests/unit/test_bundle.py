"""`haui bundle`: the list names all that the install fetches, the check says what a host lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import haui.session.connections as connections
from haui.clusterfile import load as specfile
from haui.errors import ConnectError
from haui.evidence import facts_text
from haui.rehearsal import facts
from haui.spec import ClusterSpec
from steps import CATALOGUE, bundle, bundle_check, preflight_images, preflight_plan
from steps.load import body
from steps.osfamily import FAMILIES
from steps.where import has_containerd
from tests.unit.command_line import Call, Outcome, caller
from tests.unit.specs import shapes, spec, with_registry
from tests.unit.test_bad_hosts import fleet
from tests.unit.test_cli import GOOD
from tests.unit.test_cli_preflight import Hosts

SHAPES = {**shapes(), "registry": with_registry()}
SUPPLY = "preflight.supply"


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_everything_is_listed_with_what_it_is_for(name: str) -> None:
    cluster = SHAPES[name]
    packages, images = bundle.packages(cluster), bundle.images(cluster)
    assert not [package.name for package in packages if not package.purpose]
    assert not [image.reference for image in images if not image.purpose]
    listed = {(package.family, package.name): package.hosts for package in packages}
    pulled = {image.reference: image.hosts for image in images}
    assert len(pulled) == len(images)
    for host in cluster.hosts:
        for family in FAMILIES:
            for need in preflight_plan.needed(cluster, host, family):
                assert host.name in listed[family.name, need]
        for image in (
            preflight_images.images(cluster, host) if has_containerd(cluster, host) else ()
        ):
            assert host.name in pulled[image.reference]
    text = "\n".join(bundle.lines(cluster))
    assert all(image.reference in text for image in images)
    assert "kubeadm=1." in text
    assert json.loads(json.dumps(bundle.to_json(cluster)))["cluster"] == "atlas"


def test_versions_are_as_exact_as_they_are_known() -> None:
    shown = {package.name: package.shown for package in bundle.packages(spec())}
    assert shown["kubelet"] == "kubelet=1.34.2"
    assert shown["containerd"] == "containerd (1.6 or newer)"
    assert shown["haproxy"] == "haproxy (2.0 or newer)"
    assert shown["socat"] == "socat (any version)"
    old = spec(kubernetes={"version": "1.21.9"})
    assert "containerd (1.x)" in {package.shown for package in bundle.packages(old)}


def test_what_only_kubeadm_knows_says_so() -> None:
    images = {i.reference: i for i in bundle.images(spec(kubernetes={"version": "1.26.15"}))}
    assert not images["registry.k8s.io/etcd:?"].sure
    assert "kubeadm config images list --kubernetes-version v1.26.15" in (
        images["registry.k8s.io/etcd:?"].note
    )
    assert "kubeadm's decides" in images["registry.k8s.io/coredns/coredns:v1.9.3"].note
    assert images["registry.k8s.io/kube-apiserver:v1.26.15"].note == ""


def test_where_an_image_is_asked_for() -> None:
    images = {image.reference: image for image in bundle.images(with_registry())}
    pause = images["registry.k8s.io/pause:3.10.1"]
    assert pause.served_as == tuple(f"rg{n}:5000/registry.k8s.io/pause:3.10.1" for n in (1, 2))
    mirrored = {"registries": {"registry.k8s.io": "https://hub.lan/k8s"}}
    images = {i.reference: i for i in bundle.images(spec(supply={"images": mirrored}))}
    assert images["registry.k8s.io/pause:3.10.1"].served_as == ("hub.lan/k8s/pause:3.10.1",)
    assert images["ghcr.io/flannel-io/flannel:v0.28.9"].served_as == ()


def test_the_notes_say_where_a_registrys_program_comes_from() -> None:
    assert len(bundle.notes(spec())) == 2
    assert "no package of a registry" in bundle.notes(with_registry())[-1]
    given = with_registry(registry={"program": "/usr/local/bin/registry"})
    assert "which you put there yourself" in bundle.notes(given)[-1]
    fetched = {"program": "https://mirror.lan/registry", "sha256": "0" * 64}
    assert "fetched from https://mirror.lan" in bundle.notes(with_registry(registry=fetched))[-1]


def test_packages_that_come_only_where_needed_are_those_of_the_scripts() -> None:
    assert "package install chrony" in body("system_time_apply")
    assert "package install openssl" in body("etcd_ca_apply")


class Bench:
    """A cluster file, scripted hosts, and the command."""

    def __init__(self, folder: Path, call: Call) -> None:
        self.file = folder / "atlas.yaml"
        self.call = call
        self.describe(GOOD)

    def describe(self, text: str) -> None:
        self.file.write_text(text)
        self.machines = fleet(self.spec)
        self.machines.latency = 0

    @property
    def spec(self) -> ClusterSpec:
        return specfile.load(self.file).spec

    def tell(self, host: str, changes: dict[str, object], step: str = SUPPLY) -> None:
        told = facts.told(step, self.spec, self.spec.host(host), 1_000_000.0)
        self.machines[host].readings[step] = facts_text(facts.changed(told, changes))

    def check(self, *args: str) -> Outcome:
        return self.call("bundle", "check", str(self.file), *args)


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path / "state"))

    made = Bench(tmp_path, caller(monkeypatch, capsys))
    monkeypatch.setattr(
        connections, "fleet_opener", lambda *_, **__: lambda *_: Hosts(made.machines)
    )
    return made


def test_the_list_on_the_command_line(bench: Bench) -> None:
    said = bench.call("bundle", "list", str(bench.file))
    assert said.code == 0
    assert "kubeadm=1.34.2" in said.out
    told = json.loads(bench.call("bundle", "list", str(bench.file), "--json").out)
    assert "registry.k8s.io/pause:3.10.1" in {image["reference"] for image in told["images"]}


def test_a_fleet_that_gets_all_is_0(bench: Bench) -> None:
    outcome = bench.check()
    assert outcome.code == 0, outcome.out
    assert "missing" not in outcome.out
    assert [line for line in outcome.out.splitlines() if "are there" in line]
    assert not any(kind == "start" for _, kind, _ in bench.machines.calls), "nothing is changed"
    assert {script for _, kind, script in bench.machines.calls if kind == "run"} <= {
        "preflight.facts.probe", "preflight.supply.probe",
    }, "nothing else is asked"  # fmt: skip


PAUSE = "registry.k8s.io/pause:3.10.1"
MISSING: list[tuple[dict[str, object], str]] = [
    ({"package": "socat - -"}, "socat"),
    ({"offered": ["kubeadm 1.34.2-1.1", "kubelet 1.34.2-1.1", "kubectl 1.34.1-1.1"],
      "package": "kubectl - -"}, "kubectl=1.34.2"),
    ({"image": f"{PAUSE} absent -"}, PAUSE),
    ({"image": f"{PAUSE} refused answers 401"}, PAUSE),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "name"), MISSING, ids=[name for _, name in MISSING])
def test_what_is_missing_is_4_and_named(
    bench: Bench, changes: dict[str, object], name: str
) -> None:
    bench.tell("cp-b", changes)
    outcome = bench.check("--json")
    assert outcome.code == 4, outcome.out
    told = json.loads(outcome.out)
    assert told["missing"] == [name]
    missing = [item for item in told["items"] if item["state"] == "missing"]
    assert [(item["host"], item["name"]) for item in missing] == [("cp-b", name)]
    assert missing[0]["why"]
    assert name in bench.check().out.partition("\nmissing\n")[2]


def test_an_image_that_kubeadm_may_not_ask_for_is_no_reason_to_fail(bench: Bench) -> None:
    etcd = next(i.reference for i in bundle.images(bench.spec) if "/etcd:" in i.reference)
    bench.tell("cp-a", {"image": f"{etcd} absent -"})
    outcome = bench.check()
    assert outcome.code == 0
    assert etcd in outcome.out.partition("perhaps not needed")[2]


def test_what_the_checks_block_is_4_though_nothing_is_missing(bench: Bench) -> None:
    hub = "https://registry.k8s.io"
    bench.tell("cp-a", {"registry.trust": f"{hub} nobody -", "registry": f"{hub} 000 tls bad"})
    outcome = bench.check()
    assert outcome.code == 4
    assert "blocked: Certificates of the registries on cp-a" in outcome.out


def test_other_troubles_of_a_host_are_not_this_commands(bench: Bench) -> None:
    bench.tell("cp-a", {"ssh.shell": "/bin/false"}, step="preflight.facts")
    assert bench.check().code == 0


def test_a_host_that_is_away_is_5_and_its_things_are_not_known(bench: Bench) -> None:
    bench.machines["wk-a"].connect_error = ConnectError("no route to wk-a")
    outcome = bench.check("--json")
    assert outcome.code == 5
    assert "wk-a: no route to wk-a" in outcome.err
    states = {item["state"] for item in json.loads(outcome.out)["items"] if item["host"] == "wk-a"}
    assert states == {"unknown"}


def test_what_comes_from_the_registry_of_this_install_comes_later(bench: Bench) -> None:
    bench.describe(GOOD + "  - {name: rg-a, address: 10.30.0.41, roles: [registry]}\n")
    outcome = bench.check("--json")
    assert outcome.code == 0, outcome.out
    items = json.loads(outcome.out)["items"]
    assert {item["state"] for item in items if item["kind"] == "image"} == {"later"}
    assert {item["name"] for item in items if item["host"] == "rg-a"} >= {"docker-registry"}


def test_the_steps_are_the_preflights_own() -> None:
    facts_step, supply = bundle_check.catalogue()
    assert (facts_step.id, supply.id) == ("preflight.facts", SUPPLY)
    assert supply is next(step for step in CATALOGUE if step.id == SUPPLY)
