"""Joins: what each state of a joining host leads to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from haui.execution.remedy import remedy
from tests.unit.joins import (
    FILES,
    JOINED,
    KEY,
    LEARNER,
    OTHER_ADDRESS,
    RESET,
    TOKEN,
    UNSTARTED,
    VOTER,
    joined,
    joining,
    kubeadm,
    member,
    there,
)
from tests.unit.shell_fakes import Shell


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    return joining(tmp_path)


def test_fresh_host_joins(host: Shell) -> None:
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == ["kubeadm join"]
    assert "found: fresh" in ran.output


@pytest.mark.parametrize(
    ("free", "etcd", "status"), [("199", "stacked", 1), ("200", "stacked", 0), ("5", "external", 0)]
)
def test_no_member_is_added_where_etcd_has_no_room(
    host: Shell, free: str, etcd: str, status: int
) -> None:
    """Up to Kubernetes 1.28 one that can't start may cost the quorum."""
    df = host.folder / "bin/df"
    df.write_text(f"#!/bin/sh\necho Filesystem x\necho /dev/sda1 9999 9 {free} 9% $2\n")
    df.chmod(0o755)
    ran = host.run("control_plane_join_apply", HAUI_ETCD=etcd)
    assert ran.status == status, ran.errors
    assert kubeadm(ran) == ([] if status else ["kubeadm join"])
    assert ("etcd has no room: 199 MB are free" in ran.errors) == bool(status)
    assert ("haui: fix: Make room in the file system of" in ran.errors) == bool(status)


def test_complete_host_is_left_alone(host: Shell) -> None:
    joined(host)
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == []


@pytest.mark.parametrize(
    "files",
    [
        ("pki/ca.crt",),
        ("pki/ca.crt", "admin.conf", "manifests/kube-apiserver.yaml"),
        ("pki/ca.crt", "admin.conf", "bootstrap-kubelet.conf"),
        ("pki/ca.crt", "admin.conf", "manifests/kube-apiserver.yaml", "kubelet.conf"),
    ],
    ids=["certificates", "manifests", "no kubelet certificate", "no etcd yet"],
)
def test_a_join_that_stopped_early_is_undone_and_begun_again(
    host: Shell, files: tuple[str, ...]
) -> None:
    there(host, *files)
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == [RESET, "kubeadm join"]
    assert not [call for call in ran.calls if "member remove" in call]


def test_the_certificate_requests_are_shown_when_the_kubelet_got_none(host: Shell) -> None:
    there(host, "bootstrap-kubelet.conf")
    assert "csr-of-cp2 Pending" in host.run("control_plane_join_apply").output


def test_a_member_that_never_started_is_removed_before_the_next_try(host: Shell) -> None:
    """MemberAdd was done, the pod is not there; the Node is in the cluster."""
    there(host, *FILES)
    member(host, UNSTARTED)
    host.mark("node")
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    order = [c for c in ran.calls if "member remove" in c or "delete node" in c or "kubeadm" in c]
    assert [word for word in ("remove b2", "reset", "delete node", "join") if word] == [
        next(w for w in ("remove b2", "reset", "delete node", "join") if w in call)
        for call in order
    ]


def test_a_member_of_a_host_that_was_wiped_is_removed(host: Shell) -> None:
    member(host, VOTER)
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert [call for call in ran.calls if "member remove b2" in call]
    assert kubeadm(ran)[-1] == "kubeadm join"


def test_a_member_that_only_needs_time_is_waited_for(host: Shell) -> None:
    joined(host)
    member(host, UNSTARTED)
    host.rules.insert(0, ("systemctl start kubelet", f"echo '{VOTER}' >$FAKE/own"))
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == []


def test_a_learner_is_promoted(host: Shell) -> None:
    joined(host)
    member(host, LEARNER)
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert [call for call in ran.calls if "member promote b2" in call]
    assert kubeadm(ran) == []


def test_a_learner_that_can_not_be_promoted_is_replaced(host: Shell) -> None:
    joined(host)
    member(host, LEARNER)
    host.rules.insert(0, ("kubectl *member promote*", "false"))
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert [call for call in ran.calls if "member remove b2" in call]
    assert kubeadm(ran) == [RESET, "kubeadm join"]


@pytest.mark.parametrize(("minor", "phases"), [("20", 2), ("28", 1)])
def test_only_the_last_phase_is_run_when_only_it_is_missing(
    host: Shell, minor: str, phases: int
) -> None:
    joined(host)
    (host.folder / "fake/labelled").unlink()
    ran = host.run("control_plane_join_apply", HAUI_MINOR=minor)
    assert ran.status == 0, ran.errors
    assert len(kubeadm(ran)) == phases
    assert kubeadm(ran)[-1] == "kubeadm join phase control-plane-join mark-control-plane"


def test_a_voter_without_api_server_that_never_was_a_control_plane_is_undone(host: Shell) -> None:
    joined(host)
    for gone in ("api", "labelled"):
        (host.folder / "fake" / gone).unlink()
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert [call for call in ran.calls if "member remove b2" in call]
    assert kubeadm(ran) == [RESET, "kubeadm join"]


def test_a_control_plane_without_api_server_is_never_undone(host: Shell) -> None:
    joined(host)
    (host.folder / "fake/api").unlink()
    ran = host.run("control_plane_join_apply")
    assert ran.status == 1
    assert "It was left alone" in ran.errors
    assert kubeadm(ran) == []
    assert not [call for call in ran.calls if "member remove" in call]


def test_a_lost_quorum_is_explained(host: Shell) -> None:
    member(host, UNSTARTED)
    host.rules.insert(0, ("kubectl *member remove*", "false"))
    ran = host.run("control_plane_join_apply")
    assert ran.status == 1
    assert kubeadm(ran) == []
    # A person pastes it as it stands: a shell's loops, no words for what to wait for.
    printed = re.search(r"as root on \w+: (.*)\. Then run haui resume", ran.errors)
    assert printed and "--force-new-cluster" in printed[1]
    subprocess.run(["sh", "-n"], input=printed[1], text=True, check=True)
    assert "; do " in printed[1] and "wait until" not in printed[1]
    assert printed[1].index("stop kubelet") < printed[1].index("pkill -x etcd")


def test_nothing_is_touched_while_the_members_are_unknown(host: Shell) -> None:
    there(host, *FILES)
    host.rules.insert(0, ("kubectl *member list", "false"))
    ran = host.run("control_plane_join_apply")
    assert ran.status == 1
    assert kubeadm(ran) == []


def test_a_join_that_fails_at_its_very_end_is_finished(host: Shell) -> None:
    host.rules.insert(0, ("kubeadm join --config*", JOINED + 'rm "$FAKE/labelled"; false'))
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran)[-1] == "kubeadm join phase control-plane-join mark-control-plane"


def test_a_failed_join_says_what_etcd_said_above_its_trace(host: Shell) -> None:
    """As etcd 3.4 does on a full disk: the reason stands fourteen lines above the end."""
    said = [
        "I | embed: data dir = /var/lib/etcd",
        "panic: create wal error: no space left on device",
        "",
        "goroutine 1 [running]:",
        *(f"go.etcd.io/etcd/frame{n}(0x1)" for n in range(14)),
    ]
    log = "".join(f"2026-11-21T23:30:33.549Z stderr F {line}\n" for line in said)
    host.put("/var/log/pods/kube-system_etcd-cp2_x/etcd/4.log", log)
    host.rules.insert(0, ("kubeadm join --config*", "echo 'error execution phase'; exit 1"))
    ran = host.run("control_plane_join_apply")
    assert ran.status == 1
    assert "no space left on device" in ran.output
    assert "frame" not in ran.output
    assert "Make room" in remedy(ran.output.splitlines(), "cp2")


def test_a_failed_join_says_why_without_secrets(host: Shell) -> None:
    host.rules.insert(0, (
        "kubeadm join --config*",
        f"echo 'error: could not find a JWS signature for token {TOKEN}'; echo {KEY}; false",
    ))  # fmt: skip
    ran = host.run("control_plane_join_apply")
    assert ran.status == 1
    assert "the bootstrap token is gone" in ran.errors
    assert TOKEN not in ran.output + ran.errors
    assert KEY not in ran.output + ran.errors


def test_external_etcd_is_not_asked(host: Shell) -> None:
    ran = host.run("control_plane_join_apply", HAUI_ETCD="external")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == ["kubeadm join"]
    assert not [call for call in ran.calls if "etcdctl" in call]


def test_no_secret_is_an_argument(host: Shell) -> None:
    host.inputs = {"join.yaml": f"token: {TOKEN}", "admin.conf": KEY}
    ran = host.run("control_plane_join_apply")
    assert not [call for call in ran.calls if TOKEN in call or KEY in call]


def test_probe_of_a_complete_host(host: Shell) -> None:
    joined(host)
    ran = host.run("control_plane_join_probe")
    assert set(ran.verdicts().values()) == {"ok"}
    assert ran.verdicts()["etcd member"] == "ok"
    assert kubeadm(ran) == []


def test_probe_waits_for_a_control_plane_whose_host_boots(host: Shell) -> None:
    joined(host)
    once = 'if test -e "$FAKE/asked"; then echo ok; else touch "$FAKE/asked"; false; fi'
    host.rules.insert(0, ("kubectl *get --raw /readyz*", once))
    ran = host.run("control_plane_join_probe")
    assert set(ran.verdicts().values()) == {"ok"}


@pytest.mark.parametrize(
    ("line", "seen"), [(UNSTARTED, "unstarted"), (LEARNER, "learner"), (OTHER_ADDRESS, "none")]
)
def test_probe_wants_a_voter(host: Shell, line: str, seen: str) -> None:
    joined(host)
    member(host, line)
    differing = [f for f in host.run("control_plane_join_probe").findings if f.verdict != "ok"]
    assert [(f.what, f.seen) for f in differing] == [("etcd member", seen)]


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("pki")])
def test_probe_sees_each_missing_file(host: Shell, name: str) -> None:
    joined(host)
    (host.root / "etc/kubernetes" / name).unlink()
    assert "differs" in host.run("control_plane_join_probe").verdicts().values()


def test_probe_is_blocked_by_another_cluster(host: Shell) -> None:
    host.put("/etc/kubernetes/admin.conf", "    server: https://other.lan:6443")
    assert host.run("control_plane_join_probe").verdicts()["cluster of this host"] == "blocked"
