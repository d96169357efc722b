"""The pod network: what is rendered for each kind, and the scripts that place and check it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from haui.spec import ClusterSpec, Cni, Network
from haui.step import Step
from steps import CATALOGUE, network
from steps.cni import bridge, flannel
from steps.cni.kinds import cni_manifest
from tests.unit.shell_fakes import Shell
from tests.unit.test_kubeadm import cluster

BRIDGED_STEPS = {"network.plugins", "network.bridge"}
NODES = "cp-a=10.30.0.11=10.60.0.0/24;wk-a=10.30.0.21=10.60.2.0/24;cp-b=10.30.0.12=10.60.1.0/24;"


def with_cni(**cni: Any) -> ClusterSpec:
    return cluster(
        "1.28.9", network=Network(pods="10.60.0.0/16", services="10.61.0.0/16", cni=Cni(**cni))
    )


def steps_of(spec: ClusterSpec, host: str) -> set[str]:
    """Ids of the network's steps that run on a host."""
    known: tuple[Step, ...] = (
        *network.STEPS, network.BRIDGE, network.UNMANAGED_STEP, network.ROLLOUT
    )  # fmt: skip
    return {step.id for step in known if step.on(spec, spec.host(host))}


@pytest.mark.parametrize(
    ("cni", "first", "other"),
    [
        ({"kind": "bridge"}, BRIDGED_STEPS, BRIDGED_STEPS),
        ({"kind": "flannel"}, {"network.plugins", "network.cni", "network.rollout"},
         {"network.plugins"}),
        ({"kind": "calico"}, {"network.unmanaged", "network.cni", "network.rollout"},
         {"network.unmanaged"}),
        ({"kind": "cilium"}, {"network.unmanaged", "network.cni", "network.rollout"},
         {"network.unmanaged"}),
        ({"kind": "none"}, set(), set()),
        ({"kind": "none", "manifest_text": "kind: ConfigMap"}, {"network.cni"}, set()),
    ],
)  # fmt: skip
def test_each_kind_runs_its_steps(cni: dict[str, Any], first: set[str], other: set[str]) -> None:
    spec = with_cni(**cni)
    assert steps_of(spec, "cp-a") == first
    assert steps_of(spec, "wk-a") == other


def test_the_bridge_comes_after_all_joins() -> None:
    """The cluster hands out the nodes' parts when they join."""
    order = [step.id for step in CATALOGUE]
    assert order.index("network.bridge") > order.index("workers.join")
    assert {"control_plane.join", "workers.join"} <= set(network.BRIDGE.needs)


def test_bridge_configuration_of_a_node() -> None:
    document = json.loads(bridge.conflist("10.60.1.0/24", 1450))
    plugin, portmap = document["plugins"]
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.60.1.0/24"}]]
    assert plugin["isGateway"] is True
    assert plugin["ipMasq"] is False
    assert plugin["mtu"] == 1450
    assert portmap["type"] == "portmap"
    assert "mtu" not in json.loads(bridge.conflist("10.60.1.0/24", None))["plugins"][0]


def test_routes_lead_to_every_other_node() -> None:
    spec = with_cni(kind="bridge")
    work = network.BRIDGE.work(spec, spec.host("cp-b"), {"nodes": NODES})
    files = {file.path: file.content.decode() for file in work.files}
    unit = files["/etc/systemd/system/haui-routes.service"]
    assert "ip route replace 10.60.0.0/24 via 10.30.0.11\n" in unit
    assert "ip route replace 10.60.2.0/24 via 10.30.0.21\n" in unit
    assert "10.60.1.0/24 via" not in unit, "no route to itself"
    assert "-s 10.60.1.0/24 ! -d 10.60.0.0/16" in unit
    assert "WantedBy=multi-user.target" in unit
    assert "10.60.1.0/24" in files["/etc/cni/net.d/10-haui-bridge.conflist"]


def test_the_order_of_the_nodes_does_not_change_the_files() -> None:
    """Otherwise another answer of the API would look like drift."""
    spec = with_cni(kind="bridge")
    other_order = ";".join(reversed(NODES.strip(";").split(";")))
    one, other = (
        network.BRIDGE.work(spec, spec.host("cp-a"), {"nodes": text}).files
        for text in (NODES, other_order)
    )
    assert one == other


def test_the_preview_needs_no_values() -> None:
    spec = with_cni(kind="bridge")
    work = network.BRIDGE.work(spec, spec.host("cp-a"), {})
    assert bridge.PLACEHOLDER in work.files[0].content.decode()


@pytest.mark.parametrize("text", ["cp-a=10.30.0.11", "cp-a=10.30.0.11=nonsense", "x"])
def test_a_strange_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|appear"):
        bridge.parse_nodes(text)


def test_flannel_fits_the_cluster() -> None:
    spec = with_cni(kind="flannel", mtu=1400, version="0.27.0")
    by_kind = {document["kind"]: document for document in flannel.manifest(spec)}
    settings = json.loads(by_kind["ConfigMap"]["data"]["net-conf.json"])
    assert settings["Network"] == "10.60.0.0/16"
    assert settings["Backend"] == {"Type": "vxlan", "MTU": 1400}
    pod = by_kind["DaemonSet"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "ghcr.io/flannel-io/flannel:v0.27.0"
    assert "--iface=$(NODE_IP)" in pod["containers"][0]["args"]
    mounted = {
        m["name"] for c in (*pod["containers"], *pod["initContainers"]) for m in c["volumeMounts"]
    }
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert list(by_kind) == ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet"]  # fmt: skip # noqa: E501


def test_flannel_uses_nftables_with_kube_proxy() -> None:
    spec = cluster("1.33.0", network=Network(kube_proxy="nftables"))
    settings = {d["kind"]: d for d in flannel.manifest(spec)}["ConfigMap"]["data"]["net-conf.json"]
    assert json.loads(settings)["EnableNFTables"] is True


def test_the_manifest_is_yaml_of_the_same_objects() -> None:
    spec = with_cni(kind="flannel")
    assert list(yaml.safe_load_all(cni_manifest(spec))) == flannel.manifest(spec)


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    return Shell(
        tmp_path, {"HAUI_HOST": "cp1", "HAUI_ADDRESS": "10.77.0.11", "HAUI_ENDPOINT": "x:1"}
    )


def test_plugins_are_linked_from_where_the_distribution_keeps_them(host: Shell) -> None:
    for path in ("/usr/lib/cni/bridge", "/opt/cni/bin/loopback"):
        host.put(path)
        (host.root / path.lstrip("/")).chmod(0o755)
    env = {"HAUI_PLUGINS": "bridge loopback"}
    before = host.run("network_plugins_probe", **env).verdicts()
    assert before == {"plugin bridge": "differs", "plugin loopback": "ok"}
    assert host.run("network_plugins_apply", **env).status == 0
    assert set(host.run("network_plugins_probe", **env).verdicts().values()) == {"ok"}
    missing = host.run("network_plugins_apply", HAUI_PLUGINS="bandwidth")
    assert missing.status == 1
    assert "install the package" in missing.errors


BRIDGED = {
    "HAUI_OWN_PODS": "10.60.0.0/24",
    "HAUI_PODS": "10.60.0.0/16",
    "HAUI_ROUTES": "10.60.1.0/24=10.77.0.12 10.60.2.0/24=10.77.0.13",
    "HAUI_CONFLIST": "/etc/cni/net.d/10-haui-bridge.conflist",
}


@pytest.fixture
def bridged(host: Shell) -> Shell:
    host.put(BRIDGED["HAUI_CONFLIST"])
    host.rules = [
        ("ip -4 route show 10.60.1.0/24", "echo 10.60.1.0/24 via 10.77.0.12 dev eth0"),
        ("ip -4 route show 10.60.2.0/24", "echo 10.60.2.0/24 via 10.77.0.13 dev eth0"),
        ("iptables -w -t nat -C POSTROUTING -s 10.60.0.0/24 ! -d 10.60.0.0/16 *", "true"),
        ("systemctl is-enabled*", "echo enabled"),
        ("systemctl is-active*", "echo active"),
    ]
    return host


def test_bridge_probe_of_a_node_that_is_set_up(bridged: Shell) -> None:
    assert set(bridged.run("network_bridge_probe", **BRIDGED).verdicts().values()) == {"ok"}


@pytest.mark.parametrize(
    ("glob", "answer", "row"),
    [
        ("ip -4 route show 10.60.2.0/24", "true", "route to 10.60.2.0/24"),
        ("ip -4 route show 10.60.2.0/24", "echo x via 10.77.0.99", "route to 10.60.2.0/24"),
        ("iptables *", "false", "pods reach the outer world"),
        ("systemctl is-enabled*", "echo disabled", "haui-routes.service at start"),
        ("systemctl is-active*", "echo failed", "haui-routes.service"),
    ],
)
def test_bridge_probe_sees_what_is_missing(
    bridged: Shell, glob: str, answer: str, row: str
) -> None:
    bridged.rules.insert(0, (glob, answer))
    findings = bridged.run("network_bridge_probe", **BRIDGED).findings
    assert [f.what for f in findings if f.verdict != "ok"] == [row]


IN_THE_POD_NETWORK = """cat <<END
10.60.0.0/24 dev cni0 proto kernel scope link src 10.60.0.1
10.60.1.0/24 via 10.77.0.12 dev eth0
10.60.2.0/24 via 10.77.0.13 dev eth0
10.60.7.0/24 via 10.77.0.22 dev eth0
END"""


def test_a_route_to_a_node_that_has_left_is_taken_away(bridged: Shell) -> None:
    bridged.rules.insert(0, ("ip -4 route show root 10.60.0.0/16", IN_THE_POD_NETWORK))
    findings = bridged.run("network_bridge_probe", **BRIDGED).findings
    assert [f.what for f in findings if f.verdict != "ok"] == ["route to 10.60.7.0/24"]
    ran = bridged.run("network_bridge_apply", **BRIDGED)
    assert ran.called("ip -4 route del") == ["ip -4 route del 10.60.7.0/24 via 10.77.0.22"]


@pytest.mark.parametrize(
    ("name", "blocked"), [("05-other.conflist", True), ("87-podman.conflist", False)]
)
def test_a_configuration_that_comes_first_blocks(bridged: Shell, name: str, blocked: bool) -> None:
    bridged.put(f"/etc/cni/net.d/{name}")
    verdicts = bridged.run("network_bridge_probe", **BRIDGED).verdicts()
    assert ("blocked" in verdicts.values()) is blocked


def test_nodes_are_printed_once_all_have_their_part(host: Shell) -> None:
    host.put(
        "/etc/kubernetes/manifests/kube-apiserver.yaml", "    - --advertise-address=10.77.0.11"
    )
    host.rules = [("kubectl *--raw /readyz", "echo ok"), ("kubectl *get nodes*", "cat $FAKE/nodes")]
    answer = host.folder / "fake/nodes"
    env = {"HAUI_CONTROL_PLANES": "cp1=10.77.0.11", "HAUI_NODES": "cp1=10.77.0.11 wk1=10.77.0.21"}
    answer.write_text("cp1=10.77.0.11=10.60.0.0/24;wk1=10.77.0.21=10.60.1.0/24;")
    ran = host.run("network_nodes", **env)
    assert ran.output == "nodes=cp1=10.77.0.11=10.60.0.0/24;wk1=10.77.0.21=10.60.1.0/24;\n"
    for incomplete in (
        "cp1=10.77.0.11=10.60.0.0/24;",
        "cp1=10.77.0.11=10.60.0.0/24;wk1=10.77.0.21=;",
        "cp1=10.77.0.11=10.60.0.0/24;wk1=10.77.0.21=10.60.1.0/24;x=10.77.0.9=;",
    ):
        answer.write_text(incomplete)
        ran = host.run("network_nodes", **env)
        assert ran.status == 1
        assert ran.output == ""
