"""The manifests of Calico and Cilium: that their parts fit each other and the cluster file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from haui.clusterfile.pod_networks import POD_NETWORKS
from haui.spec import ClusterSpec, Cni, Network
from steps.cni import calico, calico_crds, cilium
from steps.cni.kinds import agent_images, cni_images, cni_manifest, workloads
from steps.cni.objects import Document
from tests.unit.test_kubeadm import cluster
from tests.unit.test_steps_golden import agreed

SHAPES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "flannel": ("1.28.9", "iptables", {"kind": "flannel"}),
    "flannel-routed": ("1.28.9", "iptables", {"kind": "flannel", "encapsulation": "never"}),
    "calico": ("1.34.2", "iptables", {"kind": "calico"}),
    "calico-bgp": (
        "1.36.1", "nftables",
        {"kind": "calico", "encapsulation": "never", "mtu": 1400, "version": "3.32.7",
         "repository": "hub.lan/mirror"},
    ),
    "cilium": ("1.28.9", "iptables", {"kind": "cilium", "mtu": 1400}),
    "cilium-alone": ("1.34.2", "none", {"kind": "cilium"}),
    "cilium-routed": (
        "1.34.2", "ipvs",
        {"kind": "cilium", "encapsulation": "never", "mtu": 1400, "repository": "hub.lan:5000/x"},
    ),
}  # fmt: skip


def shape(name: str) -> ClusterSpec:
    version, mode, cni = SHAPES[name]
    network = Network(
        pods="10.60.0.0/16", services="10.61.0.0/16", kube_proxy=mode, cni=Cni(**cni)
    )  # fmt: skip
    return cluster(version, network=network)


def documents(name: str) -> list[Document]:
    return list(yaml.safe_load_all(cni_manifest(shape(name))))


def one(name: str, kind: str, called: str = "") -> Document:
    found = [
        document
        for document in documents(name)
        if document["kind"] == kind and called in ("", document["metadata"]["name"])
    ]
    assert len(found) == 1
    return found[0]


def pod_of(document: Document) -> Document:
    pod: Document = document["spec"]["template"]["spec"]
    return pod


def containers(pod: Document) -> Iterator[Document]:
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def environment(name: str, kind: str, called: str, container: int = 0) -> dict[str, str]:
    found = pod_of(one(name, kind, called))["containers"][container]["env"]
    return {row["name"]: row["value"] for row in found if "value" in row}


@pytest.mark.parametrize("name", ["calico", "calico-bgp", "cilium", "cilium-alone"])
def test_manifests_are_as_agreed(name: str) -> None:
    agreed(f"cni-{name}.yaml", cni_manifest(shape(name)).decode())


@pytest.mark.parametrize("name", SHAPES)
def test_every_mount_has_its_volume_and_every_volume_a_mount(name: str) -> None:
    for document in documents(name):
        if document["kind"] not in ("DaemonSet", "Deployment"):
            continue
        pod = pod_of(document)
        mounted = {m["name"] for c in containers(pod) for m in c.get("volumeMounts", ())}
        assert mounted == {volume["name"] for volume in pod.get("volumes", ())}


@pytest.mark.parametrize("name", SHAPES)
def test_what_objects_refer_to_is_there(name: str) -> None:
    """Service accounts, roles, configuration and its keys, namespaces; selectors meet the pods."""
    found = documents(name)
    named = {(d["kind"], d["metadata"]["name"]) for d in found}
    data = {d["metadata"]["name"]: d["data"] for d in found if d["kind"] == "ConfigMap"}
    for document in found:
        namespace = document["metadata"].get("namespace", "kube-system")
        assert namespace == "kube-system" or ("Namespace", namespace) in named
        if document["kind"].endswith("RoleBinding") or document["kind"] == "RoleBinding":
            role = document["roleRef"]
            assert (role["kind"], role["name"]) in named
            for subject in document["subjects"]:
                assert subject["kind"] == "User" or (subject["kind"], subject["name"]) in named
        if document["kind"] not in ("DaemonSet", "Deployment"):
            continue
        template = document["spec"]["template"]
        wanted = document["spec"]["selector"]["matchLabels"].items()
        assert wanted <= template["metadata"]["labels"].items()
        assert ("ServiceAccount", template["spec"]["serviceAccountName"]) in named
        for container in containers(template["spec"]):
            for row in container.get("env", ()):
                key = row.get("valueFrom", {}).get("configMapKeyRef")
                assert key is None or key["key"] in data[key["name"]]


@pytest.mark.parametrize("name", SHAPES)
def test_agents_run_on_every_node_whatever_its_taints(name: str) -> None:
    for document in documents(name):
        if document["kind"] == "DaemonSet":
            pod = pod_of(document)
            effects = {t.get("effect") for t in pod["tolerations"] if t["operator"] == "Exists"}
            assert None in effects or "NoSchedule" in effects
            assert pod["hostNetwork"] is True
            assert pod["priorityClassName"] == "system-node-critical"


@pytest.mark.parametrize("name", SHAPES)
def test_everything_that_the_api_reads_as_text_is_text(name: str) -> None:
    """A number or yes among environment variables and ConfigMaps is refused by the API server."""
    for document in documents(name):
        if document["kind"] == "ConfigMap":
            assert all(isinstance(value, str) for value in document["data"].values())
        if document["kind"] in ("DaemonSet", "Deployment"):
            for container in containers(pod_of(document)):
                values = [row["value"] for row in container.get("env", ()) if "value" in row]
                assert all(isinstance(value, str) for value in values)


@pytest.mark.parametrize("name", SHAPES)
def test_every_image_is_listed_and_from_the_named_place(name: str) -> None:
    spec = shape(name)
    text = cni_manifest(spec).decode()
    assert set(cni_images(spec)) == set(re.findall(r"^ *-? *image: (\S+)$", text, re.MULTILINE))
    assert set(agent_images(spec)) <= set(cni_images(spec))
    own = spec.network.cni.repository
    for image in cni_images(spec):
        assert image.startswith(f"{own}/" if own else ("ghcr.io/", "quay.io/"))
        assert re.search(r":v\d+\.\d+\.\d+[\w-]*$", image)


def test_images_of_the_kinds() -> None:
    assert cni_images(shape("calico-bgp")) == (
        "hub.lan/mirror/calico/cni:v3.32.7",
        "hub.lan/mirror/calico/node:v3.32.7",
        "hub.lan/mirror/calico/kube-controllers:v3.32.7",
    )
    assert agent_images(shape("cilium")) == (f"quay.io/cilium/cilium:v{cilium.VERSION}",)
    own = "kind: Pod\nspec: {containers: [{image: hub.lan/x:1}]}\n---\nkind: ConfigMap\n"
    brought = cluster("1.28.9", network=Network(cni=Cni(kind="none", manifest_text=own)))
    assert cni_images(brought) == ("hub.lan/x:1",)
    assert agent_images(brought) == ()
    broken = cluster("1.28.9", network=Network(cni=Cni(kind="none", manifest_text="a: [")))
    assert cni_images(broken) == ()


def test_what_has_to_run() -> None:
    assert [str(found) for found in workloads(shape("cilium"))] == [
        "daemonset/kube-system/cilium/k8s-app=cilium",
        "deployment/kube-system/cilium-operator/io.cilium/app=operator",
    ]
    assert [found.name for found in workloads(shape("calico"))] == [
        "calico-node", "calico-kube-controllers",
    ]  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_names_and_selectors_pass_through_a_script(name: str) -> None:
    for found in workloads(shape(name)):
        assert not set(f"{found.kind}{found.namespace}{found.name}") & set(" /")
        assert " " not in found.selector


@pytest.mark.parametrize(
    ("name", "vxlan", "backend"),
    [("calico", "Always", "vxlan"), ("calico-bgp", "Never", "bird")],
)
def test_calico_encapsulates_as_asked(name: str, vxlan: str, backend: str) -> None:
    env = environment(name, "DaemonSet", "calico-node")
    assert env["CALICO_IPV4POOL_CIDR"] == "10.60.0.0/16"
    assert env["CALICO_IPV4POOL_VXLAN"] == vxlan
    assert env["IP_AUTODETECTION_METHOD"] == "kubernetes-internal-ip"
    assert env["FELIX_NFTABLESMODE"] == ("Enabled" if name == "calico-bgp" else "Disabled")
    data = one(name, "ConfigMap")["data"]
    assert data["calico_backend"] == backend
    agent = pod_of(one(name, "DaemonSet"))["containers"][0]
    for probe in ("livenessProbe", "readinessProbe"):
        looked = " ".join(agent[probe]["exec"]["command"])
        assert ("-bird-" in looked) is (backend == "bird")


def test_calico_takes_the_mtu() -> None:
    for name, mtu in (("calico", 0), ("calico-bgp", 1400)):
        data = one(name, "ConfigMap")["data"]
        assert data["veth_mtu"] == str(mtu)
        plugins = json.loads(data["cni_network_config"])["plugins"]
        assert [plugin["type"] for plugin in plugins] == ["calico", "portmap"]
        assert plugins[0]["mtu"] == mtu


def test_calico_across_subnets_needs_no_bgp() -> None:
    spec = cluster(
        "1.34.2", network=Network(cni=Cni(kind="calico", encapsulation="across-subnets"))
    )
    found = {d["kind"]: d for d in calico.manifest(spec)}
    env = {
        row["name"]: row.get("value") for row in pod_of(found["DaemonSet"])["containers"][0]["env"]
    }
    assert env["CALICO_IPV4POOL_VXLAN"] == "CrossSubnet"
    assert found["ConfigMap"]["data"]["calico_backend"] == "vxlan"
    assert not calico.uses_bgp(spec)


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("IPPool", "ippools"), ("NetworkPolicy", "networkpolicies"),
     ("CalicoNodeStatus", "caliconodestatuses"), ("BlockAffinity", "blockaffinities"),
     ("IPAMConfig", "ipamconfigs")],
)  # fmt: skip
def test_plurals_are_those_of_upstream(kind: str, plural: str) -> None:
    assert calico_crds.plural(kind) == plural


def test_calicos_rights_name_kinds_that_are_defined() -> None:
    defined = {
        f"{d['spec']['group']}/{d['spec']['names']['plural']}" for d in calico_crds.definitions()
    }
    asked = {
        f"{group}/{resource.partition('/')[0]}"
        for document in calico.manifest(shape("calico"))
        if document["kind"] == "ClusterRole"
        for rule in document["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if group in (calico_crds.GROUP, calico_crds.POLICY_GROUP) and resource != "*"
    }
    assert asked <= defined


def test_nobody_but_the_kubelets_account_may_read_secrets_of_the_cluster() -> None:
    """Only in the namespace that is made for them."""
    for name in ("calico", "cilium-alone"):
        for document in documents(name):
            if document["kind"] == "ClusterRole":
                assert not [r for r in document["rules"] if "secrets" in r["resources"]]


def test_cilium_takes_kube_proxys_place_only_when_asked() -> None:
    alone, beside = (one(name, "ConfigMap")["data"] for name in ("cilium-alone", "cilium"))
    assert alone["kube-proxy-replacement"] == "true"
    assert beside["kube-proxy-replacement"] == "false"
    where = {"KUBERNETES_SERVICE_HOST": "api.atlas.lan", "KUBERNETES_SERVICE_PORT": "8443"}
    for kind, called in (("DaemonSet", "cilium"), ("Deployment", "cilium-operator")):
        assert where.items() <= environment("cilium-alone", kind, called).items()
        assert not where.keys() & environment("cilium", kind, called).keys()
    first = pod_of(one("cilium-alone", "DaemonSet"))["initContainers"][0]
    said = {row["name"]: row.get("value") for row in first["env"]}
    assert where.items() <= said.items()


@pytest.mark.parametrize(
    ("name", "mode", "mtu"),
    # Cilium takes the overhead of VXLAN off the MTU that it is given.
    [("cilium", "tunnel", "1450"), ("cilium-routed", "native", "1400"),
     ("cilium-alone", "tunnel", None)],
)  # fmt: skip
def test_cilium_encapsulates_as_asked(name: str, mode: str, mtu: str | None) -> None:
    data = one(name, "ConfigMap")["data"]
    assert data["routing-mode"] == mode
    assert data.get("mtu") == mtu
    assert ("ipv4-native-routing-cidr" in data) is (mode == "native")
    assert data["auto-direct-node-routes"] == ("true" if mode == "native" else "false")
    assert data["ipam"] == "kubernetes"


def test_ciliums_apparmor_profile_is_said_as_the_minor_reads_it() -> None:
    old, new = one("cilium", "DaemonSet"), one("cilium-alone", "DaemonSet")
    told = old["spec"]["template"]["metadata"]["annotations"]
    names = {container["name"] for container in containers(pod_of(old))}
    assert {key.partition("/")[2] for key in told} == names
    assert "appArmorProfile" not in pod_of(old)["securityContext"]
    assert pod_of(new)["securityContext"]["appArmorProfile"] == {"type": "Unconfined"}
    assert "annotations" not in new["spec"]["template"]["metadata"]


def test_one_node_has_one_operator() -> None:
    spec = shape("cilium")
    assert one("cilium", "Deployment")["spec"]["replicas"] == 2
    alone = spec.model_copy(update={"hosts": spec.hosts[:1]})
    deployment = next(d for d in cilium.manifest(alone) if d["kind"] == "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == "100%"


def test_flannel_encapsulates_as_asked() -> None:
    def backend(encapsulation: str) -> dict[str, Any]:
        cni = Cni.model_validate({"kind": "flannel", "encapsulation": encapsulation})
        spec = cluster("1.28.9", network=Network(cni=cni))
        found = next(d for d in yaml.safe_load_all(cni_manifest(spec)) if d["kind"] == "ConfigMap")
        settings: dict[str, Any] = json.loads(found["data"]["net-conf.json"])["Backend"]
        return settings

    assert backend("always") == {"Type": "vxlan"}
    assert backend("across-subnets") == {"Type": "vxlan", "DirectRouting": True}
    assert backend("never") == {"Type": "host-gw"}


def test_the_manifests_are_of_the_pinned_versions() -> None:
    for name in ("flannel", "calico", "cilium"):
        wanted = f":v{POD_NETWORKS[name].version}"
        assert any(image.endswith(wanted) for image in cni_images(shape(name)))
