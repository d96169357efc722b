"""What a control plane does for a host that joins: credentials lent and taken back, the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.execution.transient import transient
from tests.unit.joins import (
    CP1,
    HASH,
    KEY,
    LEARNER,
    OTHER_ADDRESS,
    PROXY,
    TOKEN,
    UNSTARTED,
    VOTER,
    joining,
    member,
)
from tests.unit.shell_fakes import Ran, Shell


@pytest.fixture
def helper(tmp_path: Path) -> Shell:
    """cp1, on behalf of cp2."""
    host = joining(tmp_path)
    host.put(
        "/etc/kubernetes/manifests/kube-apiserver.yaml", "    - --advertise-address=10.77.0.11\n"
    )
    host.put("/etc/kubernetes/admin.conf", "    server: https://api.lab.lan:8443")
    host.mark("api")
    host.rules = [
        (
            "kubeadm token create*",
            f"echo 'kubeadm join x --token {TOKEN} --discovery-token-ca-cert-hash {HASH}'",
        ),
        (
            "kubeadm init phase upload-certs --upload-certs --config*",
            f"echo '[upload-certs] Using certificate key:'; echo {KEY}",
        ),
        (
            "kubectl *get secrets*",
            f"printf 'bootstrap-token-%s %s\\n' cccccc aGF1aSBqb2luIGNwMg== dddddd {PROXY} e a",
        ),
        ("kubectl *get secret kubeadm-certs*annotations*", 'cat "$FAKE/uploaded-for"'),
        ("kubectl *configmap cluster-info*jws-kubeconfig-h4u1aa*", "echo signature"),
        (
            "kubectl *get certificatesigningrequests -o*",
            "printf 'csr-%s system:bootstrap:%s\\n' 1 cccccc 2 eeeeee",
        ),
        ("kubectl *delete certificatesigningrequest*", "true"),
        ("kubectl *annotate secret kubeadm-certs haui/join=cp? --overwrite", "true"),
        ("kubectl *delete secret*", "true"),
        ("kubectl *get nodes -l*", "echo node/cp1"),
        *host.rules,
    ]
    (host.folder / "fake/uploaded-for").write_text("cp2")
    return host


def test_supply_for_a_control_plane(helper: Shell) -> None:
    helper.inputs = {"init.yaml": "kind: InitConfiguration"}
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane")
    assert ran.status == 0, ran.errors
    values = dict(line.split("=", 1) for line in ran.output.splitlines())
    assert values == {
        "token": TOKEN,
        "ca_hash": HASH,
        "via": "cp1",
        "certificate_key": KEY,
        "admin_conf": "ICAgIHNlcnZlcjogaHR0cHM6Ly9hcGkubGFiLmxhbjo4NDQz",
    }
    assert not [call for call in ran.calls if TOKEN in call or KEY in call]
    minted = ran.called("kubeadm token")[0]
    assert "--ttl 30m --description haui join cp2" in minted
    assert f"--kubeconfig {helper.root}/etc/kubernetes/admin.conf " in minted


def test_supply_does_not_lend_what_the_join_before_is_about_to_take_back(helper: Shell) -> None:
    (helper.folder / "fake/uploaded-for").write_text("cp3")
    helper.rules.insert(0, ("sleep *", ': >"$FAKE/uploaded-for"'))
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane", HAUI_PAUSE="2")
    assert ran.status == 0, ran.errors
    assert ran.called("sleep")
    assert not [call for call in ran.calls if "delete secret kubeadm-certs" in call]


def test_supply_takes_away_the_token_of_certificates_that_somebody_has_removed(
    helper: Shell,
) -> None:
    (helper.folder / "fake/uploaded-for").write_text("")
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane")
    assert ran.status == 0, ran.errors
    assert "bootstrap-token-dddddd" in deleted(ran)
    assert "bootstrap-token-e" not in deleted(ran), "somebody else's"


def test_supply_takes_away_what_a_killed_run_has_lent(helper: Shell) -> None:
    (helper.folder / "fake/uploaded-for").write_text("cp3")
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane")
    assert ran.status == 0, ran.errors
    upload = next(i for i, call in enumerate(ran.calls) if "upload-certs" in call)
    assert [call for call in ran.calls[:upload] if "delete secret kubeadm-certs" in call]
    assert "bootstrap-token-e" not in deleted(ran), "somebody else's"


def test_supply_tells_that_nobody_signs_the_token(helper: Shell) -> None:
    """A join would wait for five minutes, and fail."""
    helper.rules.insert(0, ("kubectl *configmap cluster-info*", "true"))
    ran = helper.run("control_plane_supply", HAUI_KIND="worker")
    assert ran.status == 1
    assert "kube-controller-manager" in ran.errors


def test_supply_for_a_worker_lends_no_certificates(helper: Shell) -> None:
    ran = helper.run("control_plane_supply", HAUI_KIND="worker")
    assert [line.split("=")[0] for line in ran.output.splitlines()] == ["token", "ca_hash", "via"]
    assert not ran.called("kubeadm init")


def test_supply_fails_at_once_on_a_host_that_is_no_control_plane(helper: Shell) -> None:
    (helper.root / "etc/kubernetes/manifests/kube-apiserver.yaml").unlink()
    ran = helper.run("control_plane_supply", HAUI_KIND="worker")
    assert ran.status == 1
    assert ran.output == ""


def test_supply_says_why_the_upload_failed_without_the_key(helper: Shell) -> None:
    helper.rules.insert(
        0, ("kubeadm init phase upload-certs*", f"echo no rights; echo {KEY}; false")
    )
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane")
    assert ran.status == 1
    assert "no rights" in ran.errors
    assert KEY not in ran.errors


@pytest.mark.parametrize(
    "command", ["kubeadm token create*", "kubeadm init phase upload-certs --upload-certs*"]
)
def test_supply_that_gets_no_answer_is_worth_another_try(helper: Shell, command: str) -> None:
    """As while another control plane boots, and etcd has no quorum: timeout(1) says 124."""
    helper.rules.insert(0, (command, "exit 124"))
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane")
    assert ran.status == 1
    assert transient(ran.errors.splitlines())


def deleted(ran: Ran) -> list[str]:
    """The names of what was deleted."""
    return [call.split(" delete ")[1].split()[1] for call in ran.calls if " delete " in call]


def test_revoke_takes_the_token_and_the_certificates(helper: Shell) -> None:
    ran = helper.run("control_plane_revoke", HAUI_KIND="control-plane")
    assert deleted(ran) == [
        "csr-1",
        "bootstrap-token-cccccc",
        "kubeadm-certs",
        "bootstrap-token-dddddd",
    ]


def test_revoke_leaves_the_certificates_of_another_join(helper: Shell) -> None:
    (helper.folder / "fake/uploaded-for").write_text("cp3")
    ran = helper.run("control_plane_revoke", HAUI_KIND="control-plane")
    assert ran.status == 0
    assert not [call for call in ran.calls if "delete secret kubeadm-certs" in call]


def test_revoke_leaves_the_tokens_of_others(helper: Shell) -> None:
    ran = helper.run("control_plane_revoke", HAUI_KIND="worker", HAUI_HOST="wk1")
    assert ran.status == 0
    assert not [call for call in ran.calls if "delete" in call]


def test_gate_opens_for_healthy_voters(helper: Shell) -> None:
    assert set(helper.run("control_plane_gate").verdicts().values()) == {"ok"}


def test_gate_does_not_wait_for_the_joining_hosts_own_leftover(helper: Shell) -> None:
    """Otherwise a join that died half-way could never be tried again."""
    member(helper, UNSTARTED)
    verdicts = helper.run("control_plane_gate").verdicts()
    assert "differs" not in verdicts.values()
    assert verdicts["etcd member of cp2"] == "info"


CP3 = {"HAUI_HOST": "cp3", "HAUI_ADDRESS": "10.77.0.13"}
BOTH = ("kubectl *get nodes -l*", "printf 'node/cp1\\nnode/cp2\\n'")


@pytest.mark.parametrize("line", [UNSTARTED, LEARNER, VOTER], ids=["unstarted", "learner", "voter"])
def test_gate_is_shut_by_a_sick_member_of_another_control_plane(helper: Shell, line: str) -> None:
    """cp3 is to join, and cp2 has joined before."""
    member(helper, line)
    helper.rules.insert(0, BOTH)
    if line == VOTER:
        helper.rules.insert(0, ("kubectl *https://10.77.0.12:2379*endpoint health", "false"))
    assert "differs" in helper.run("control_plane_gate", **CP3).verdicts().values()


def test_gate_is_shut_by_a_voter_whose_join_did_not_end(helper: Shell) -> None:
    member(helper, VOTER)
    assert "differs" in helper.run("control_plane_gate", **CP3).verdicts().values()


@pytest.mark.parametrize("line", [UNSTARTED, LEARNER], ids=["unstarted", "learner"])
def test_a_member_that_another_join_has_left_is_removed_by_supply(helper: Shell, line: str) -> None:
    """Otherwise the next join waits in vain, and the one that has left it waits for the next."""
    member(helper, line)
    assert "differs" not in helper.run("control_plane_gate", **CP3).verdicts().values()
    (helper.folder / "fake/uploaded-for").write_text("")
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane", **CP3)
    assert ran.status == 0, ran.errors
    assert [call for call in ran.calls if call.endswith("member remove b2")]


def test_supply_leaves_a_member_that_comes_up(helper: Shell) -> None:
    member(helper, UNSTARTED)
    helper.rules.insert(0, ("sleep *", f"echo '{VOTER}' >$FAKE/own"))
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane", HAUI_PAUSE="2", **CP3)
    assert ran.status == 0, ran.errors
    assert not [call for call in ran.calls if "member remove" in call]


@pytest.mark.parametrize("line", [UNSTARTED, VOTER, OTHER_ADDRESS])
def test_supply_leaves_the_members_of_others_alone(helper: Shell, line: str) -> None:
    """Joined ones, voters, and addresses that are none of the cluster's."""
    member(helper, line)
    if line == UNSTARTED:
        helper.rules.insert(0, BOTH)
    ran = helper.run("control_plane_supply", HAUI_KIND="control-plane", **CP3)
    assert not [call for call in ran.calls if "member remove" in call]


def test_gate_says_how_a_person_gets_the_quorum_back(helper: Shell) -> None:
    (helper.folder / "fake/api").unlink()
    helper.rules = [
        ("kubectl *exec*", "false"),
        ("crictl ps*", "echo 0abc"),
        ("curl *http://127.0.0.1:2381/metrics", "echo etcd_server_has_leader 0"),
        ("crictl exec 0abc etcdctl *member list", "false"),
        *helper.rules,
    ]
    metrics = "    - --listen-metrics-urls=http://127.0.0.1:2381\n"
    helper.put("/etc/kubernetes/manifests/etcd.yaml", metrics)
    asks = "raft: a1 [logterm: 2, index: 537] sent MsgVote request to b2 at term 231\n"
    helper.put("/var/log/pods/kube-system_etcd-cp1_x/etcd/0.log", asks)
    (found,) = helper.run("control_plane_gate").findings
    assert (found.verdict, found.what) == ("blocked", "etcd of cp1")
    assert "it misses b2" in (found.seen or "")
    assert "--force-new-cluster" in (found.expected or "")


def test_gate_is_shut_while_a_control_plane_has_no_member(helper: Shell) -> None:
    helper.rules.insert(0, ("kubectl *get nodes -l*", "printf 'node/cp1\\nnode/cp3\\n'"))
    verdicts = helper.run("control_plane_gate").verdicts()
    assert verdicts["etcd voters for the control planes that joined"] == "differs"


@pytest.mark.parametrize("glob", ["kubectl *--raw /readyz*", "kubectl *member list"])
def test_gate_is_shut_without_answers(helper: Shell, glob: str) -> None:
    helper.rules.insert(0, (glob, "false"))
    assert "differs" in helper.run("control_plane_gate").verdicts().values()


def test_etcd_is_asked_through_the_runtime_where_kubectl_can_not(helper: Shell) -> None:
    helper.rules = [
        ("kubectl *exec*", "false"),
        ("crictl ps*", "echo 0abc"),
        ("crictl exec 0abc etcdctl *member list", f"echo '{CP1}'"),
        ("crictl exec 0abc etcdctl *endpoint health", "true"),
        *helper.rules,
    ]
    assert set(helper.run("control_plane_gate").verdicts().values()) == {"ok"}
