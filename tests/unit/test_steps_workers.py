"""Worker joins, labels and readiness: what each state of a host leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps import workers
from tests.unit.shell_fakes import Ran, Shell
from tests.unit.test_kubeadm import cluster

JOINED = """
mkdir -p "$ROOT/etc/kubernetes/pki"
echo x >"$ROOT/etc/kubernetes/kubelet.conf"
touch "$FAKE/node"
"""
RULES = [
    ("kubectl *kubelet.conf*get node wk1 -o jsonpath*", 'test -e "$FAKE/node" && echo v1.20.2'),
    ("kubectl *kubelet.conf*get node wk1", 'test -e "$FAKE/node"'),
    ("kubeadm join --config*", JOINED),
    ("kubeadm reset -f", 'rm -rf "$ROOT/etc/kubernetes/"* "$ROOT/var/lib/kubelet/config.yaml"'),
    ("systemctl is-active kubelet", "echo active"),
]


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    env = {
        "HAUI_HOST": "wk1",
        "HAUI_ADDRESS": "10.77.0.21",
        "HAUI_VERSION": "1.20.2",
        "HAUI_MINOR": "20",
        "HAUI_ENDPOINT": "api.lab.lan:8443",
        "HAUI_ETCD": "stacked",
        "HAUI_CA_HASH": "",
    }
    return Shell(tmp_path, env, rules=list(RULES), inputs={"join.yaml": "kind: x"})


def kubeadm(ran: Ran) -> list[str]:
    return [call.split(" --config")[0] for call in ran.called("kubeadm")]


def test_fresh_host_joins(host: Shell) -> None:
    ran = host.run("workers_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == ["kubeadm join"]


def test_a_joined_host_is_left_alone(host: Shell) -> None:
    host.put("/etc/kubernetes/kubelet.conf", "x")
    host.mark("node")
    ran = host.run("workers_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == []
    assert ran.called("systemctl start kubelet")


def test_a_kubelet_that_registers_again_is_enough(host: Shell) -> None:
    host.put("/etc/kubernetes/kubelet.conf", "x")
    host.rules.insert(0, ("systemctl start kubelet", 'touch "$FAKE/node"'))
    assert kubeadm(host.run("workers_join_apply")) == []


@pytest.mark.parametrize(
    "files",
    [
        ("/etc/kubernetes/kubelet.conf",),
        ("/etc/kubernetes/bootstrap-kubelet.conf",),
        ("/etc/kubernetes/kubelet.conf", "/etc/kubernetes/bootstrap-kubelet.conf"),
        ("/etc/kubernetes/pki/ca.crt",),
        ("/var/lib/kubelet/config.yaml",),
    ],
    ids=["Node deleted", "no certificate", "bootstrap not ended", "CA only", "kubelet only"],
)
def test_leftovers_are_undone_first(host: Shell, files: tuple[str, ...]) -> None:
    for file in files:
        host.put(file, "x")
    ran = host.run("workers_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == ["kubeadm reset -f", "kubeadm join"]


def test_the_ca_of_another_cluster_is_not_undone(host: Shell) -> None:
    host.put("/etc/kubernetes/pki/ca.crt", "not this cluster's")
    ran = host.run("workers_join_apply", HAUI_CA_HASH="sha256:" + "0" * 64)
    assert ran.status == 1
    assert "another cluster" in ran.errors
    assert kubeadm(ran) == []


def test_an_old_node_of_the_name_is_waited_for(host: Shell) -> None:
    """Right after a reset it still counts as Ready, and kubeadm refuses the name."""
    host.rules.insert(0, (
        "kubeadm join --config*",
        'test -e "$FAKE/asked" || { touch "$FAKE/asked"; '
        "echo 'error: a Node with name \"wk1\" and status \"Ready\" already exists'; exit 1; }"
        + JOINED,
    ))  # fmt: skip
    ran = host.run("workers_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == ["kubeadm join", "kubeadm reset -f", "kubeadm join"]
    assert "sleep 60" in ran.calls


def test_a_failed_join_says_why(host: Shell) -> None:
    host.rules.insert(0, ("kubeadm join --config*", "echo 'x509: certificate has expired or is not yet valid'; exit 1"))  # fmt: skip # noqa: E501
    ran = host.run("workers_join_apply")
    assert ran.status == 1
    assert "check the time" in ran.errors
    assert kubeadm(ran) == ["kubeadm join"]


def test_probe_of_a_joined_host(host: Shell) -> None:
    host.put("/etc/kubernetes/kubelet.conf", "    server: https://api.lab.lan:8443")
    host.mark("node")
    assert set(host.run("workers_join_probe").verdicts().values()) == {"ok"}


@pytest.mark.parametrize(
    ("file", "glob", "row"),
    [
        ("bootstrap-kubelet.conf", "", "bootstrap-kubelet.conf"),
        ("", "kubectl *get node*", "Node's kubelet"),
        ("", "systemctl is-active kubelet", "kubelet"),
    ],
)
def test_probe_sees_what_is_wrong(host: Shell, file: str, glob: str, row: str) -> None:
    host.put("/etc/kubernetes/kubelet.conf", "    server: https://api.lab.lan:8443")
    host.mark("node")
    if file:
        host.put(f"/etc/kubernetes/{file}")
    if glob:
        host.rules.insert(0, (glob, "echo NotFound; false"))
    differing = [f.what for f in host.run("workers_join_probe").findings if f.verdict != "ok"]
    assert differing == [row]


def test_probe_is_blocked_by_another_cluster(host: Shell) -> None:
    host.put("/etc/kubernetes/kubelet.conf", "    server: https://other.lan:6443")
    assert host.run("workers_join_probe").verdicts()["cluster of this host"] == "blocked"


def test_labels_of_every_node() -> None:
    spec = cluster("1.20.2")
    worker = spec.hosts[-1].model_copy(update={"labels": {"rack": "r1"}})
    text = workers.node_labels(spec.model_copy(update={"hosts": (*spec.hosts[:-1], worker)}))
    assert text == b"wk-a\track=r1\nwk-a\tnode-role.kubernetes.io/worker=\n"


def test_labels_are_compared_and_given(host: Shell) -> None:
    host.inputs = {"labels": "wk1\track=r1\nwk1\trole=\ncp1\track=r\n"}
    table = "wk1 Ready <none> 1m v1.20.2 rack=r1,role=\\ncp1 Ready m 1m v1.20.2 rack=r1,x=rack=r\\n"
    host.rules = [("kubectl *--show-labels", f"printf '{table}'"), ("kubectl *label node*", "true")]
    findings = host.run("workers_labels_probe").findings
    assert [(f.verdict, f.expected) for f in findings] == [
        ("ok", "rack=r1"),
        ("ok", "role="),
        ("differs", "rack=r"),
    ]
    labelled = [c.partition("label node ")[2] for c in host.run("workers_labels_apply").calls]
    assert labelled == [
        "wk1 rack=r1 --overwrite",
        "wk1 role= --overwrite",
        "cp1 rack=r --overwrite",
    ]


def test_readiness_says_the_kubelets_reason(host: Shell) -> None:
    answer = "cp1\\tTrue\\tok\\nwk1\\tFalse\\tcni plugin not initialized\\n"
    host.rules = [("kubectl *get nodes*", f"printf '{answer}'")]
    ran = host.run("workers_ready_probe", HAUI_NODES="cp1=10.77.0.11 wk1=10.77.0.21 wk2=10.77.0.22")
    assert [(f.verdict, f.seen) for f in ran.findings] == [
        ("ok", "Ready"),
        ("differs", "cni plugin not initialized"),
        ("differs", "no such Node"),
    ]
