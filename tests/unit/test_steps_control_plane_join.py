"""Joins: what each state of a joining host leads to, the gate before it, and its credentials."""

from __future__ import annotations

import base64
import re
import subprocess
from pathlib import Path

import pytest

from haui.execution.remedy import remedy
from haui.execution.transient import transient
from tests.unit.shell_fakes import Ran, Shell

TOKEN = "h4u1aa.0123456789abcdef"
KEY = "fedcba9876543210" * 4
PROXY = base64.b64encode(b"Proxy for managing TTL for the kubeadm-certs secret").decode()
HASH = "sha256:" + "ab" * 32
FILES = (
    "admin.conf",
    "kubelet.conf",
    "controller-manager.conf",
    "scheduler.conf",
    "pki/ca.crt",
    "manifests/kube-apiserver.yaml",
    "manifests/kube-controller-manager.yaml",
    "manifests/kube-scheduler.yaml",
    "manifests/etcd.yaml",
)
RESET = "kubeadm reset -f --skip-phases=remove-etcd-member"
CP1 = "a1, started, cp1, https://10.77.0.11:2380, https://10.77.0.11:2379, false"
UNSTARTED = "b2, unstarted, , https://10.77.0.12:2380, , false"
LEARNER = "b2, started, cp2, https://10.77.0.12:2380, https://10.77.0.12:2379, true"
VOTER = "b2, started, cp2, https://10.77.0.12:2380, https://10.77.0.12:2379, false"
OTHER_ADDRESS = "b3, started, cp3, https://10.77.0.120:2380, https://10.77.0.120:2379, false"

JOINED = f"""
for f in {" ".join(FILES)}; do mkdir -p "$ROOT/etc/kubernetes/pki" "$ROOT/etc/kubernetes/manifests"; echo x >"$ROOT/etc/kubernetes/$f"; done
touch "$FAKE/api" "$FAKE/labelled" "$FAKE/node"
echo '{VOTER}' >"$FAKE/own"
"""  # noqa: E501

RULES = [
    ("kubectl *inputs/admin.conf*--raw /readyz*", "echo ok"),
    ("kubectl *exec etcd-cp1*member list", f"echo '{CP1}'; cat $FAKE/own 2>/dev/null; true"),
    ("kubectl *exec etcd-cp2*member list", f"echo '{CP1}'; cat $FAKE/own 2>/dev/null; true"),
    ("kubectl *exec etcd-cp1*member remove b2", 'rm "$FAKE/own"'),
    ("kubectl *exec etcd-cp1*member promote b2", f"echo '{VOTER}' >$FAKE/own"),
    ("kubectl *exec etcd-cp?*endpoint health", "true"),
    ("kubectl *--raw /readyz*", 'test -e "$FAKE/api" && echo ok'),
    ("kubectl *--raw /version*", """echo '{ "gitVersion": "v1.20.2" }'"""),
    ("kubectl *get nodes -l*", 'test -e "$FAKE/labelled" && echo node/cp2; true'),
    ("kubectl *get node cp2 -o jsonpath*", "echo v1.20.2"),
    ("kubectl *get node cp2", 'test -e "$FAKE/node"'),
    ("kubectl *delete node cp2*", 'rm -f "$FAKE/node" "$FAKE/labelled"'),
    ("kubectl *get certificatesigningrequests", "echo csr-of-cp2 Pending"),
    ("kubeadm join phase control-plane-join mark*", 'touch "$FAKE/labelled"'),
    ("kubeadm join phase*", "true"),
    ("kubeadm join --config*", JOINED),
    (
        "kubeadm reset -f*",
        'rm -rf "$ROOT/etc/kubernetes/"*; rm -f "$FAKE/api"',
    ),
    ("systemctl is-active kubelet", "echo active"),
]


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    env = {
        "HAUI_HOST": "cp2",
        "HAUI_ADDRESS": "10.77.0.12",
        "HAUI_VERSION": "1.20.2",
        "HAUI_MINOR": "20",
        "HAUI_ENDPOINT": "api.lab.lan:8443",
        "HAUI_ETCD": "stacked",
        "HAUI_LEFT_OUT": "",
        "HAUI_PEERS": "10.77.0.11 10.77.0.13",
        "HAUI_CONTROL_PLANES": "cp1=10.77.0.11 cp2=10.77.0.12 cp3=10.77.0.13",
        "HAUI_VIA": "cp1",
        "HAUI_VIA_ADDRESS": "10.77.0.11",
    }
    inputs = {"join.yaml": "kind: JoinConfiguration", "admin.conf": "server: https://x"}
    return Shell(tmp_path, env, rules=list(RULES), inputs=inputs)


def there(shell: Shell, *files: str) -> None:
    for name in files:
        shell.put(f"/etc/kubernetes/{name}", "x")


def member(shell: Shell, line: str) -> None:
    (shell.folder / "fake/own").write_text(line + "\n")


def kubeadm(ran: Ran) -> list[str]:
    """The kubeadm calls, without their configuration."""
    return [call.split(" --config")[0] for call in ran.called("kubeadm")]


def joined(shell: Shell) -> None:
    """Everything that a complete join leaves."""
    there(shell, *FILES)
    member(shell, VOTER)
    for switch in ("api", "labelled", "node"):
        shell.mark(switch)


def test_fresh_host_joins(host: Shell) -> None:
    ran = host.run("control_plane_join_apply")
    assert ran.status == 0, ran.errors
    assert kubeadm(ran) == ["kubeadm join"]
    assert "found: fresh" in ran.output


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


# The scripts below run on a control plane (here cp1) on behalf of the joining host.


@pytest.fixture
def helper(host: Shell) -> Shell:
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
