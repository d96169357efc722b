"""The role registry: what is placed, who is asked for images, and what stands before what."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import yaml

from haui.plan import build_plan
from haui.spec import ClusterSpec
from steps import CATALOGUE, containerd, mirrors, preflight_images, preflight_plan, registry
from steps.osfamily import DEBIAN, REDHAT
from tests.unit import checks
from tests.unit.specs import CA, spec, with_registry

STEP = "preflight.supply"
LOGIN = {"registry_password": "geheim"}


def hosts_toml(cluster: ClusterSpec, upstream: str) -> dict[str, Any]:
    return tomllib.loads(containerd.hosts_toml(cluster, upstream, LOGIN))


def test_nodes_ask_each_registry_below_the_upstreams_name() -> None:
    read = hosts_toml(with_registry(), "ghcr.io")
    assert list(read["host"]) == ["https://rg1:5000/v2/ghcr.io", "https://rg2:5000/v2/ghcr.io"]
    assert read["server"] == "https://rg1:5000/v2/ghcr.io", "and nobody else"
    for host in read["host"].values():
        assert host["ca"] == mirrors.OWN_CA_PATH
        assert host["override_path"]
        assert "header" not in host


def test_an_image_named_after_a_registry_comes_from_it_first() -> None:
    read = hosts_toml(with_registry(), "rg2:5000")
    assert list(read["host"]) == ["https://rg2:5000/v2", "https://rg1:5000/v2"]


def test_a_mirror_of_the_cluster_file_wins() -> None:
    images = {"registries": {"quay.io": "https://hub.lan/quay"}, "username": "puller"}
    cluster = with_registry(supply={"images": images})
    assert list(hosts_toml(cluster, "quay.io")["host"]) == ["https://hub.lan/v2/quay"]
    own = hosts_toml(cluster, "docker.io")["host"]["https://rg1:5000/v2/docker.io"]
    assert own["header"]["Authorization"] == "Basic cHVsbGVyOmdlaGVpbQ=="


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"repository": "hub.lan:5000/k8s", "ca_pem": CA}, ["hub.lan:5000"]),
        ({"repository": "hub.lan/k8s", "username": "puller"}, ["hub.lan"]),
        ({"repository": "hub.lan/k8s"}, []),
        ({"username": "puller"}, []),
    ],
)
def test_a_repository_alone_gets_its_ca_and_login(given: dict[str, Any], names: list[str]) -> None:
    cluster = spec(supply={"images": given})
    assert list(mirrors.mirrors(cluster)) == names
    for name in names:
        read = hosts_toml(cluster, name)
        access = read["host"][f"https://{name}/v2"]
        assert access.get("ca") == (mirrors.CA_PATH if "ca_pem" in given else None)
        assert ("header" in access) == ("username" in given)
        plan = preflight_plan.plan(cluster, cluster.host("cp1"))
        trust, login = (
            ("own" if "ca_pem" in given else "system"),
            ("-", "login")["username" in given],
        )
        assert f"registry https://{name} https://{name}/v2/ {trust} - {login}\n" in plan


def test_the_pod_networks_repository_gets_them_too() -> None:
    network = {"cni": {"repository": "pods.lan/mirror"}}
    cluster = spec(network=network, supply={"images": {"ca_pem": CA}})
    assert list(mirrors.mirrors(cluster)) == ["pods.lan"]


def test_all_that_nodes_will_ask_for_is_wanted_and_not_asked_for_before() -> None:
    cluster = with_registry()
    wanted = registry.wanted(cluster)
    assert wanted["registry.k8s.io/pause:3.10.1"] == ("registry.k8s.io/pause", "3.10.1", "sure")
    assert {how for _, _, how in wanted.values()} == {"sure", "guess", "optional"}
    for host in cluster.hosts:
        assert preflight_images.asked_now(cluster, host) == ()
        assert "image " not in preflight_plan.plan(cluster, host)
    some = with_registry(registry={"serves": ["ghcr.io"]})
    assert {name.partition("/")[0] for name in registry.wanted(some)} == {"ghcr.io"}
    assert preflight_images.asked_now(some, some.host("cp1"))


def test_no_node_pulls_before_the_registries_have_all() -> None:
    cluster = with_registry(topology={"kind": "external"}, hosts=[
        *(host.model_dump() for host in with_registry().hosts),
        *({"name": f"et{n}", "address": f"10.30.0.6{n}", "roles": ["etcd"]} for n in (1, 2, 3)),
    ])  # fmt: skip
    needs = {task.id: task.needs for task in build_plan(cluster, CATALOGUE).tasks}
    full = {"registry.content@rg1", "registry.content@rg2"}
    for task in ("runtime.images@cp1", "runtime.images@wk2", "etcd.install@et3"):
        assert full <= needs[task], task
    assert "registry.ca@rg1" in needs["registry.trust@cp1"]
    assert "registry.trust@et1" in needs
    assert "registry.trust@rg1" not in needs, "it has made it"


def test_without_the_role_there_are_no_steps() -> None:
    assert not [task for task in build_plan(spec(), CATALOGUE).tasks if "registry." in task.id]


def test_the_configuration() -> None:
    cluster = with_registry(registry={"port": 443, "storage": "/srv/registry"})
    read = yaml.safe_load(registry.config(cluster))
    assert read["version"] == 0.1
    assert read["storage"]["filesystem"] == {"rootdirectory": "/srv/registry"}
    assert read["http"]["addr"] == ":443"
    assert "auth" not in read
    named = with_registry(supply={"images": {"username": "puller"}})
    assert yaml.safe_load(registry.config(named))["auth"]["htpasswd"]["path"].startswith("/etc/")
    unit = unit_of(cluster)
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE" in unit
    assert "ReadWritePaths=/srv/registry\n" in unit
    assert "AmbientCapabilities" not in unit_of(with_registry())


def unit_of(cluster: ClusterSpec) -> str:
    work = registry.SERVE.work(cluster, cluster.host("rg1"), {})
    return next(f.content.decode() for f in work.files if f.path == registry.UNIT_FILE)


def test_the_password_is_an_input_and_nothing_else() -> None:
    cluster = with_registry(supply={"images": {"username": "puller"}})
    for step in registry.STEPS:
        work = step.work(cluster, cluster.host("rg1"), LOGIN)
        for call in filter(None, (work.probe, work.apply)):
            assert "geheim" not in "".join(call.env.values())
        assert not any(b"geheim" in file.content for file in work.files)
    probe = registry.SERVE.work(cluster, cluster.host("rg1"), LOGIN).probe
    assert probe is not None and probe.inputs["password"] == b"geheim\n"


def test_packages_by_family() -> None:
    cluster = with_registry(supply={"images": {"username": "puller"}})
    host = cluster.host("rg1")
    debian = preflight_plan.needed(cluster, host, DEBIAN)
    redhat = preflight_plan.needed(cluster, host, REDHAT)
    assert {"docker-registry", "apache2-utils", "jq"} <= set(debian)
    assert {"httpd-tools", "jq"} <= set(redhat)
    assert "docker-registry" not in redhat


PROGRAM = {"program": "/usr/local/bin/registry"}
FETCHED = {"program": "https://mirror.lan/registry", "sha256": "0" * 64}
CHECKS: list[tuple[str, dict[str, Any], dict[str, object], str, str]] = [
    ("program", {}, {}, "ok", "docker-registry"),
    ("program", {}, {"apt": "no", "dnf": "yes"}, "blocked", "no package of a registry"),
    ("program", PROGRAM, {"registry.program": "yes"}, "ok", "/usr/local/bin/registry"),
    ("program", PROGRAM, {"registry.program": "no"}, "blocked", "there is no program"),
    ("program", PROGRAM, {"registry.program": None}, "skipped", "did not tell"),
    ("program", FETCHED, {"apt": "no", "dnf": "yes"}, "info", "fetched from https://mirror.lan"),
    ("archive", {}, {}, "info", "you push"),
    ("archive", {"archive": "/a.tar"}, {"registry.archive": "file 2048"}, "ok", "2 MiB"),
    ("archive", {"archive": "/a.tar"}, {"registry.archive": "absent 0"}, "blocked", "absent"),
    ("archive", {"archive": "/a.tar"}, {"registry.archive": "unreadable 0"}, "blocked", "unread"),
    ("archive", {"archive": "/a.tar"}, {"registry.archive": None}, "skipped", "did not tell"),
]


@pytest.mark.parametrize(("check", "given", "changes", "verdict", "seen"), CHECKS)
def test_what_is_said_of_the_registrys_host(
    check: str, given: dict[str, Any], changes: dict[str, object], verdict: str, seen: str
) -> None:
    cluster = with_registry(registry=given)
    found = checks.ask(f"supply.registry-{check}", changes, host="rg1", cluster=cluster, step=STEP)
    assert (found.verdict, seen in found.seen) == (verdict, True), found.seen
    assert found.fix or verdict in ("ok", "skipped")


def test_what_comes_later_is_skipped_with_its_reason() -> None:
    for check in ("supply.images", "supply.registry", "supply.registry-ca", "supply.layers"):
        found = checks.ask(check, cluster=with_registry(), step=STEP)
        assert found.verdict == "skipped", check
    said = checks.ask("supply.images", cluster=with_registry(), step=STEP).seen
    assert "haui sets up on rg1, rg2" in said and "registry.content" in said
    some = with_registry(registry={"serves": ["ghcr.io"]})
    found = checks.ask("supply.images", cluster=some, step=STEP)
    assert found.verdict == "ok"
    assert "2 come from the registry that haui sets up" in found.seen
