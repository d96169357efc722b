"""Verification: the workload, and what each probe says of a good and of a bad cluster."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from haui.clusterfile.supply import Images, Supply
from steps import verify
from tests.unit.etcd_said import LEADER, OTHER, THIRD, status
from tests.unit.shell_fakes import Ran, Shell
from tests.unit.test_kubeadm import cluster, shapes

HEALTHY = [
    ("kubectl *127.0.0.1:1025[79]*--raw /healthz", "echo ok"),
    ("kubectl *--raw /readyz", "echo ok"),
    ("kubectl *member list", "cat $FAKE/members"),
    ("kubectl *endpoint health", "true"),
    ("kubectl *endpoint status --cluster -w fields", "cat $FAKE/status"),
    ("kubectl *alarm list", "true"),
    ("kubectl *get nodes*", "cat $FAKE/nodes"),
]
MEMBERS = """\
a1, started, cp1, https://10.77.0.11:2380, https://10.77.0.11:2379, false
b2, started, cp2, https://10.77.0.12:2380, https://10.77.0.12:2379, false
"""
STATUS = status("10.77.0.11", LEADER, LEADER) + status("10.77.0.12", OTHER, LEADER)
NODES = "cp1\tTrue\tv1.20.2\t10.77.0.11\ncp2\tTrue\tv1.20.2\t10.77.0.12\n"


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    env = {
        "HAUI_HOST": "cp1",
        "HAUI_ADDRESS": "10.77.0.11",
        "HAUI_VERSION": "1.20.2",
        "HAUI_MINOR": "20",
        "HAUI_ENDPOINT": "api.lab.lan:8443",
        "HAUI_ETCD": "stacked",
        "HAUI_CONTROL_PLANES": "cp1=10.77.0.11 cp2=10.77.0.12",
        "HAUI_NODES": "cp1=10.77.0.11 cp2=10.77.0.12",
        "HAUI_CERTIFICATE_DAYS": "30",
    }
    shell = Shell(tmp_path, env, rules=list(HEALTHY))
    for name, text in (("members", MEMBERS), ("status", STATUS), ("nodes", NODES)):
        (tmp_path / "fake" / name).write_text(text)
    return shell


@pytest.mark.parametrize("script", ["verify_control_plane_probe", "verify_etcd_probe"])
def test_nobody_is_asked_through_a_proxy_of_the_host(host: Shell, script: str) -> None:
    direct = 'if [ "$NO_PROXY $no_proxy" != "* *" ]; then exit 1; fi'
    host.rules = [(glob, f"{direct}\n{do}") for glob, do in HEALTHY]
    ran = host.run(script, HTTPS_PROXY="http://proxy.lan:3128")
    assert ran.findings
    assert differing(ran) == []


def answer(shell: Shell, name: str, old: str, new: str) -> None:
    path = shell.folder / "fake" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def differing(ran: Ran) -> list[str]:
    return [found.what for found in ran.findings if found.verdict == "differs"]


@pytest.mark.parametrize(
    "probe", ["verify_nodes_probe", "verify_etcd_probe", "verify_endpoint_probe"]
)
def test_a_good_cluster_passes(host: Shell, probe: str) -> None:
    ran = host.run(probe)
    assert ran.status == 0
    assert set(ran.verdicts().values()) == {"ok"}


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        ("cp2\tTrue", "cp2\tFalse", "node cp2"),
        ("cp2\tTrue\tv1.20.2", "cp2\tTrue\tv1.20.1", "node cp2: version"),
        ("10.77.0.12", "10.77.0.100", "node cp2: address"),
    ],
)
def test_a_bad_node_is_named(host: Shell, old: str, new: str, row: str) -> None:
    answer(host, "nodes", old, new)
    assert differing(host.run("verify_nodes_probe")) == [row]


def test_an_absent_node_is_named(host: Shell) -> None:
    answer(host, "nodes", "cp2\t", "cp22\t")
    ran = host.run("verify_nodes_probe")
    assert differing(ran)[0] == "node cp2"
    assert ran.verdicts()["node cp22"] == "info"


@pytest.mark.parametrize(
    ("name", "old", "new", "row"),
    [
        ("members", "b2, started, cp2", "b2, unstarted, ", "etcd member cp2"),
        ("members", "10.77.0.12:2379, false", "10.77.0.12:2379, true", "etcd member cp2"),
        ("members", MEMBERS.splitlines()[1], "", "etcd member cp2"),
        ("members", "b2,", MEMBERS.splitlines()[1].replace("12", "13") + "\nb2,", "etcd members"),
        ("status", f'"Leader" : {LEADER}', f'"Leader" : {THIRD}', "etcd leaders"),
        ("status", STATUS, STATUS + status("10.77.0.13", THIRD, THIRD), "etcd leaders"),
    ],
)
def test_bad_etcd_is_named(host: Shell, name: str, old: str, new: str, row: str) -> None:
    answer(host, name, old, new)
    assert row in differing(host.run("verify_etcd_probe"))


@pytest.mark.parametrize(
    ("glob", "does", "row"),
    [
        ("kubectl *https://10.77.0.12:2379*endpoint health", "false", "etcd of cp2"),
        ("kubectl *alarm list", "echo memberID:1 alarm:NOSPACE", "etcd alarms"),
        ("kubectl *member list", "false", "etcd members"),
    ],
)
def test_sick_etcd_is_named(host: Shell, glob: str, does: str, row: str) -> None:
    host.rules.insert(0, (glob, does))
    assert differing(host.run("verify_etcd_probe")) == [row]


def test_the_endpoints_own_words_are_shown(host: Shell) -> None:
    host.rules.insert(0, ("kubectl *--raw /readyz", "echo x509: unknown authority >&2; false"))
    (found,) = host.run("verify_endpoint_probe").findings
    assert found.verdict == "differs"
    assert "x509" in found.seen
    assert "api.lab.lan:8443" in found.what


@pytest.mark.parametrize(
    ("glob", "row"),
    [
        ("kubectl *10.77.0.11:6443*/readyz", "API server of cp1"),
        ("kubectl *:10257*", "controller manager of cp1"),
        ("kubectl *:10259*", "scheduler of cp1"),
    ],
)
def test_a_dead_component_is_named(host: Shell, glob: str, row: str) -> None:
    assert differing(host.run("verify_control_plane_probe")) == []
    host.rules.insert(0, (glob, "false"))
    assert differing(host.run("verify_control_plane_probe")) == [row]


def test_certificates_that_end_soon_are_named(host: Shell) -> None:
    host.put("/etc/kubernetes/pki/etcd/server.crt", "not even a certificate")
    ran = host.run("verify_control_plane_probe")
    assert [f.seen for f in ran.findings if f.verdict == "differs"] == ["all but etcd/server.crt"]


# The workload test, against made-up pods that answer each other.

PODS = "web-1 cp1 10.60.0.2\nweb-2 cp2 10.60.1.2\nweb-3 wk1 10.60.2.2\n"
WORKLOAD = [
    ("kubectl *get --raw /readyz", "echo ok"),
    ("kubectl *delete namespace*", 'rm -f "$FAKE/namespace"'),
    ("kubectl *get namespace haui-verify", 'test -e "$FAKE/namespace"'),
    ("kubectl *create namespace*", 'touch "$FAKE/namespace"'),
    ("kubectl *get serviceaccount*", "true"),
    ("kubectl *apply -f*", "true"),
    ("kubectl *get deployment web*readyReplicas*", "cat $FAKE/ready"),
    ("kubectl *get pods -l app=haui-verify*", "cat $FAKE/pods"),
    ("kubectl *get service web*", "echo 10.61.0.9"),
    ("kubectl *get deployment coredns", 'test -e "$FAKE/dns"'),
    ("kubectl *logs*", "echo haui-verify is up"),
    # The pod's own /hostname by address, any pod's through the Service or by name.
    ("kubectl *exec *sh 10.60.0.2 8080", "echo web-1"),
    ("kubectl *exec *sh 10.60.1.2 8080", "echo web-2"),
    ("kubectl *exec *sh 10.60.2.2 8080", "echo web-3"),
    ("kubectl *exec *sh 10.61.0.9 80", "echo web-2"),
    ("kubectl *exec *sh web.haui-verify.svc.cluster.local 80", "echo web-3"),
]


@pytest.fixture
def pods(host: Shell) -> Shell:
    host.rules = list(WORKLOAD)
    host.env = {
        **host.env,
        "HAUI_NAMESPACE": "haui-verify",
        "HAUI_REPLICAS": "3",
        "HAUI_DNS_DOMAIN": "cluster.local",
    }
    host.inputs = {"workload.yaml": "kind: Deployment"}
    (host.folder / "fake/pods").write_text(PODS)
    (host.folder / "fake/ready").write_text("3")
    return host


def test_the_workload_waits_for_a_control_plane_that_boots(pods: Shell) -> None:
    once = 'if test -e "$FAKE/asked"; then echo ok; else touch "$FAKE/asked"; false; fi'
    made = 'test -e "$FAKE/asked" && touch "$FAKE/namespace"'
    pods.rules[:0] = [
        ("kubectl *get --raw /readyz", once),
        ("kubectl *create namespace*", made),
    ]
    ran = pods.run("verify_workload_apply")
    assert ran.status == 0, ran.errors
    assert set(ran.verdicts().values()) == {"ok"} | {"info"}


def test_every_way_is_measured(pods: Shell) -> None:
    pods.mark("dns")
    ran = pods.run("verify_workload_apply")
    assert ran.status == 0, ran.errors
    assert set(ran.verdicts().values()) == {"ok"}
    ways = {what for what in ran.verdicts() if what.startswith("pod to pod")}
    assert ways == {
        f"pod to pod {a} -> {b}" for a, b in itertools.permutations(("cp1", "cp2", "wk1"), 2)
    }
    for node in ("cp1", "cp2", "wk1"):
        assert {f"Service by address from {node}", f"Service by name from {node}"} <= set(
            ran.verdicts()
        )
    assert ran.verdicts()["nodes with a pod"] == "ok"


def test_two_pods_are_measured_once_in_each_direction(pods: Shell) -> None:
    (pods.folder / "fake/pods").write_text("".join(PODS.splitlines(keepends=True)[:2]))
    (pods.folder / "fake/ready").write_text("2")
    ran = pods.run("verify_workload_apply", HAUI_REPLICAS="2")
    ways = [f.what for f in ran.findings if f.what.startswith("pod to pod")]
    assert sorted(ways) == ["pod to pod cp1 -> cp2", "pod to pod cp2 -> cp1"]


def test_names_are_left_out_without_dns(pods: Shell) -> None:
    verdicts = pods.run("verify_workload_apply").verdicts()
    assert verdicts["Service by name"] == "info"
    assert not [what for what in verdicts if what.startswith("Service by name from")]


@pytest.mark.parametrize(
    ("glob", "does", "row"),
    [
        ("kubectl *exec web-1 *sh 10.60.1.2 8080", "false", "pod to pod cp1 -> cp2"),
        ("kubectl *exec web-1 *sh 10.60.1.2 8080", "echo web-9", "pod to pod cp1 -> cp2"),
        ("kubectl *exec web-3 *sh 10.61.0.9 80", "false", "Service by address from wk1"),
        ("kubectl *exec web-2 *sh web.haui*", "echo web-99", "Service by name from cp2"),
        ("kubectl *logs web-2", "false", "logs from cp2"),
    ],
)
def test_the_broken_way_is_named(pods: Shell, glob: str, does: str, row: str) -> None:
    pods.mark("dns")
    pods.rules.insert(0, (glob, does))
    assert differing(pods.run("verify_workload_apply")) == [row]


def counted(pods: Shell, pod: str, then: str) -> None:
    """Have each question of that pod to the Service counted in fake/POD, and answered by `then`."""
    rule = f'echo >>"$FAKE/{pod}"; n=$(wc -l <"$FAKE/{pod}"); {then}'
    pods.rules.insert(0, (f"kubectl *exec {pod} *sh 10.61.0.9 80", rule))


def count_of(pods: Shell, pod: str) -> int:
    return (pods.folder / "fake" / pod).read_text().count("\n")


def test_a_proxy_that_has_lost_its_api_server_is_given_more_than_a_minute(pods: Shell) -> None:
    counted(pods, "web-3", '[ "$n" -lt 8 ] || echo web-1')
    assert not differing(pods.run("verify_workload_apply", HAUI_PAUSE="10"))
    assert count_of(pods, "web-3") == 8


def test_where_no_proxy_works_it_is_waited_for_once(pods: Shell) -> None:
    names = ("web-1", "web-2", "web-3")
    for pod in names:
        counted(pods, pod, "false")
    assert len(differing(pods.run("verify_workload_apply", HAUI_PAUSE="10"))) == 3
    assert [count_of(pods, pod) for pod in names] == [9, 1, 1]


def test_pods_on_one_node_only_prove_nothing(pods: Shell) -> None:
    (pods.folder / "fake/pods").write_text(PODS.replace("cp2", "cp1").replace("wk1", "cp1"))
    assert "nodes with a pod" in differing(pods.run("verify_workload_apply"))


def test_pods_that_do_not_start_say_why(pods: Shell) -> None:
    (pods.folder / "fake/ready").write_text("1")
    pods.rules.insert(0, ("kubectl *waiting.message*", "echo ErrImagePull not found"))
    pods.rules.insert(0, ("kubectl *waiting.reason}", "echo ImagePullBackOff"))
    ran = pods.run("verify_workload_apply")
    (found,) = ran.findings
    assert found.verdict == "differs"
    assert found.seen == "1 ready: ErrImagePull not found"


@pytest.mark.parametrize(
    ("glob", "does"),
    [
        ("no such call", "true"),
        ("kubectl *apply -f*", "false"),
        ("kubectl *readyReplicas*", "echo 0"),
        ("kubectl *exec *", "kill -TERM $PPID"),
    ],
    ids=["well", "refused", "never ready", "stopped"],
)
def test_everything_is_taken_away(pods: Shell, glob: str, does: str) -> None:
    pods.rules.insert(0, (glob, does))
    pods.run("verify_workload_apply")
    assert not (pods.folder / "fake/namespace").exists()


def test_the_namespace_of_a_killed_run_is_replaced(pods: Shell) -> None:
    pods.mark("namespace")
    ran = pods.run("verify_workload_apply")
    assert ran.status == 0, ran.errors
    order = [c for c in ran.calls if " delete namespace " in c or " create namespace " in c]
    assert [("delete" in call) for call in order] == [True, False, True]
    assert [call for call in ran.calls if "delete pods --all --grace-period=0 --force" in call]


def pod_of(objects: list[dict[str, Any]]) -> dict[str, Any]:
    pod: dict[str, Any] = objects[0]["spec"]["template"]["spec"]
    return pod


def test_replicas_are_spread_over_nodes() -> None:
    objects = verify.workload(cluster("1.28.9"))
    assert objects[0]["spec"]["replicas"] == 4
    assert "podAntiAffinity" in pod_of(objects)["affinity"]
    keys = {toleration["key"] for toleration in pod_of(objects)["tolerations"]}
    assert keys == {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}


def test_a_single_node_takes_both_replicas() -> None:
    objects = verify.workload(shapes("1.28.9")["single"])
    assert objects[0]["spec"]["replicas"] == 2
    assert "affinity" not in pod_of(objects)


def test_the_admins_image_is_used() -> None:
    image = pod_of(verify.workload(cluster("1.28.9")))["containers"][0]["image"]
    assert image == verify.DEFAULT_IMAGE
    own = cluster("1.28.9", supply=Supply(images=Images(verify_image="hub.lan/busybox:1.36")))
    assert pod_of(verify.workload(own))["containers"][0]["image"] == "hub.lan/busybox:1.36"
