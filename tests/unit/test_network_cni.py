"""Applying a pod network's manifest, seeing it run, and keeping others off its interfaces."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from steps import CATALOGUE, network
from steps.load import body
from tests.unit.shell_fakes import Shell
from tests.unit.test_network import host, with_cni

__all__ = ["host"]

CNI = {
    "HAUI_PAUSE": "100",
    "HAUI_CNI_SHA256": "abc",
    "HAUI_CNI_WORKLOADS": "daemonset/kube-flannel/kube-flannel-ds/app=flannel",
}
CNI_RULES = [
    ("kubectl *get configmap haui-cni*", "cat $FAKE/hash"),
    ("kubectl *get -f *", 'test -s "$FAKE/hash"'),
    ("kubectl *get daemonset*numberReady*", "echo 1,"),
    ("kubectl *apply --server-side*", "true"),
    ("kubectl *create configmap haui-cni*", "echo abc >$FAKE/hash"),
    ("kubectl *delete configmap*", "true"),
]


def test_manifest_is_applied_and_noted(host: Shell) -> None:
    host.rules = list(CNI_RULES)
    (host.folder / "fake/hash").write_text("")
    assert "differs" in host.run("network_cni_probe", **CNI).verdicts().values()
    assert host.run("network_cni_apply", **CNI).status == 0
    assert set(host.run("network_cni_probe", **CNI).verdicts().values()) == {"ok"}
    changed = host.run("network_cni_probe", **{**CNI, "HAUI_CNI_SHA256": "other"})
    assert changed.verdicts()["applied manifest"] == "differs"


def test_a_pod_network_that_does_not_start_is_not_noted_as_applied(host: Shell) -> None:
    host.rules = [
        ("kubectl *numberReady*", "echo 0,"),
        ("kubectl *get pods *", r"printf 'x-1\tcp1\tPending\tFalse\tErrImagePull \n'"),
        ("kubectl *get events*", "echo no such image"),
        *CNI_RULES,
    ]
    ran = host.run("network_cni_apply", **CNI)
    assert ran.status == 1
    assert "no such image" in ran.output
    assert not [call for call in ran.calls if "create configmap" in call]


WORKLOADS = {
    **CNI,
    "HAUI_CNI_WORKLOADS": (
        "daemonset/kube-system/cilium/k8s-app=cilium "
        "deployment/kube-system/cilium-operator/io.cilium/app=operator"
    ),
}
PODS_LATE = (
    r"printf 'cilium-1\tcp1\tRunning\tTrue\t  \n"
    r"cilium-2\twk1\tPending\tFalse\tImagePullBackOff PodInitializing \n'"
)


def test_every_workload_of_the_pod_network_is_awaited(host: Shell) -> None:
    """One that is ready does not stand for the other."""
    host.rules = [
        ("kubectl *get deployment cilium-operator *readyReplicas*", "echo ,"),
        ("kubectl *get daemonset cilium *numberReady*", "echo 2,"),
        ("kubectl *get pods -l io.cilium/app=operator *",
         r"printf 'operator-1\t\tPending\t\t\n'"),
        ("kubectl *get pods -l k8s-app=cilium *", "true"),
        ("kubectl *get events *involvedObject.name=operator-1*",
         "echo 'FailedScheduling: 0/1 nodes are available'"),
        *CNI_RULES,
    ]  # fmt: skip
    ran = host.run("network_cni_apply", **WORKLOADS)
    assert ran.status == 1
    assert "pod operator-1 on node -: Pending" in ran.errors
    assert "FailedScheduling: 0/1 nodes are available" in ran.output
    verdicts = host.run("network_cni_probe", **WORKLOADS).verdicts()
    assert verdicts["pods of cilium"] == "ok"
    assert verdicts["pods of cilium-operator"] == "differs"


def test_a_pod_network_that_does_not_start_names_pod_node_and_reason(host: Shell) -> None:
    host.rules = [
        ("kubectl *numberReady*", "echo ,"),
        ("kubectl *readyReplicas*", "echo 1,"),
        ("kubectl *get pods -l k8s-app=cilium *", PODS_LATE),
        ("kubectl *get pods -l io.cilium/app=operator *", "true"),
        ("kubectl *get events *involvedObject.name=cilium-2*", "echo 'Failed: no such image'"),
        *CNI_RULES,
    ]
    ran = host.run("network_cni_apply", **WORKLOADS)
    assert ran.status == 1
    assert "--- pod cilium-2 on node wk1: ImagePullBackOff\n    Failed: no such image" in ran.output
    assert "does not start: pod cilium-2 on node wk1: ImagePullBackOff" in ran.errors
    assert "cilium-1" not in ran.output, "that one is ready"


def test_a_workload_without_pods_says_so(host: Shell) -> None:
    host.rules = [
        ("kubectl *numberReady*", "echo ,"),
        ("kubectl *get pods *", "true"),
        ("kubectl *get events *involvedObject.name=kube-flannel-ds*", "echo 'FailedCreate: quota'"),
        *CNI_RULES,
    ]
    ran = host.run("network_cni_apply", **CNI)
    assert "--- daemonset kube-flannel-ds has no pods\n    FailedCreate: quota" in ran.output


@pytest.mark.parametrize(
    ("agents", "operators", "rows"),
    [
        ("3,3,3,", "2,2,2,", {
            "daemonset cilium": "3 of 3",
            "deployment cilium-operator": "2 of 2",
        }),
        ("3,2,3,", "2,2,2,", {
            "daemonset cilium": "2 of 3 ready, 3 up to date; cilium-2 on wk1: ImagePullBackOff",
            "deployment cilium-operator": "2 of 2",
        }),
        ("3,3,1,", "2,2,2,", {
            "daemonset cilium": "3 of 3 ready, 1 up to date; cilium-2 on wk1: ImagePullBackOff",
            "deployment cilium-operator": "2 of 2",
        }),
        ("3,3,3,", "2,,,", {
            "daemonset cilium": "3 of 3",
            "deployment cilium-operator": "0 of 2 ready, 0 up to date",
        }),
        ("0,0,0,", "", {
            "daemonset cilium":
                "0 of 0 ready, 0 up to date; cilium-2 on wk1: ImagePullBackOff",
            "deployment cilium-operator": "no such object, or no answer from https://10.77.0.11:6443",
        }),
    ],
)  # fmt: skip
def test_the_pod_network_has_to_run_on_every_node(
    host: Shell, agents: str, operators: str, rows: dict[str, str]
) -> None:
    host.rules = [
        ("kubectl *get daemonset cilium *", f"echo {agents}"),
        (
            "kubectl *get deployment cilium-operator *",
            f"echo {operators}" if operators else "false",
        ),
        ("kubectl *get pods -l k8s-app=cilium *", PODS_LATE),
        ("kubectl *get pods *", "true"),
    ]
    found = host.run("network_rollout_probe", **WORKLOADS).findings
    assert {row.what: row.seen for row in found} == rows
    assert [row.verdict for row in found] == [
        "ok" if re.fullmatch(r"([1-9]) of \1", row.seen) else "differs" for row in found
    ]


def test_calico_and_cilium_keep_network_manager_away() -> None:
    spec = with_cni(kind="calico")
    (file,) = network.UNMANAGED_STEP.work(spec, spec.host("wk-a"), {}).files
    assert file.path == "/etc/NetworkManager/conf.d/zz-haui-pods.conf"
    assert file.content.decode().splitlines()[1:] == [
        "[keyfile]",
        "unmanaged-devices+="
        + ";".join(f"interface-name:{name}" for name in network.UNMANAGED["calico"]),
    ]
    for kind, runs in (("calico", True), ("cilium", True), ("flannel", False), ("none", False)):
        other = with_cni(kind=kind)
        assert network.leaves_interfaces_alone(other, other.host("wk-a")) is runs
    order = [step.id for step in CATALOGUE]
    assert order.index("network.unmanaged") < order.index("control_plane.init")


def test_network_manager_reads_the_file_once(host: Shell) -> None:
    host.rules = [("systemctl is-active --quiet NetworkManager", "true")]
    (host.root / "run").mkdir(exist_ok=True)
    env = {"HAUI_SHA256": "abc"}
    assert host.run("network_unmanaged_probe", **env).verdicts() == {"NetworkManager": "differs"}
    ran = host.run("network_unmanaged_apply", **env)
    assert ran.status == 0
    assert "systemctl reload NetworkManager" in ran.calls
    assert host.run("network_unmanaged_probe", **env).verdicts() == {"NetworkManager": "ok"}
    changed = host.run("network_unmanaged_probe", HAUI_SHA256="other")
    assert changed.verdicts() == {"NetworkManager": "differs"}


def test_without_network_manager_the_file_waits(host: Shell) -> None:
    host.rules = [("systemctl is-active --quiet NetworkManager", "false")]
    (host.root / "run").mkdir(exist_ok=True)
    env = {"HAUI_SHA256": "abc"}
    assert host.run("network_unmanaged_probe", **env).verdicts() == {"NetworkManager": "ok"}
    ran = host.run("network_unmanaged_apply", **env)
    assert ran.status == 0
    assert "systemctl reload NetworkManager" not in ran.calls


def test_network_manager_that_does_not_read_is_named(host: Shell) -> None:
    host.rules = [
        ("systemctl is-active --quiet NetworkManager", "true"),
        ("systemctl reload NetworkManager", "false"),
    ]
    ran = host.run("network_unmanaged_apply", HAUI_SHA256="abc")
    assert ran.status == 1
    assert "does not read its configuration again" in ran.errors


@pytest.mark.parametrize(
    ("mounted", "mounts"), [("bpf /sys/fs/bpf bpf rw 0 0", 0), ("x /sys/fs/bpfx bpf rw", 1)]
)
def test_the_file_system_of_ebpf_is_mounted_where_it_is_not(
    tmp_path: Path, mounted: str, mounts: int
) -> None:
    """The script of a container of Cilium's image, with its table of mounts made up."""
    text = body("cilium_mount_bpf")
    assert "</proc/mounts" in text
    (tmp_path / "mounts").write_text(f"proc /proc proc rw 0 0\n{mounted}\n")
    fake = tmp_path / "mount"
    fake.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n')
    fake.chmod(0o755)
    ran = subprocess.run(
        ["/bin/sh", "-c", text.replace("/proc/mounts", str(tmp_path / "mounts"))],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "BPF_ROOT": "/sys/fs/bpf"},
        check=False,
    )
    calls = (tmp_path / "calls").read_text() if mounts else ""
    assert ran.returncode == 0
    assert calls.splitlines() == ["-t bpf bpf /sys/fs/bpf"] * mounts
    assert (tmp_path / "calls").exists() is bool(mounts)
