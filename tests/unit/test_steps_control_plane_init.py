"""kubeadm init: what each state of the first host leads to (rows of what init leaves behind)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.shell_fakes import Shell

CONFS = ("admin", "kubelet", "controller-manager", "scheduler")
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
ENDPOINT = "https://api.lab.lan:8443"
TOKEN = "h4u1aa.0123456789abcdef"
KEY = "0123456789abcdef" * 4

API = [
    ("kubectl *10.77.0.1[23]:6443*get --raw /readyz*", 'test -e "$FAKE/peer" && echo ok'),
    (f"kubectl *--server {ENDPOINT}*--raw /readyz*", 'test -e "$FAKE/endpoint" && echo ok'),
    ("kubectl *--raw /readyz*", 'test -e "$FAKE/api" && echo ok'),
    ("kubectl *--raw /version*", """echo '{ "gitVersion": "v1.20.2" }'"""),
    ("kubectl *configmap kubeadm-config*jsonpath*", "echo controlPlaneEndpoint: api.lab.lan:8443"),
    ("kubectl *get nodes -l node-role*", 'test -e "$FAKE/labelled" && echo node/cp1; true'),
    ("kubectl *get secrets*", 'test ! -e "$FAKE/tokens" || printf "%s %s\\n" $TOKENS'),
    ("kubectl *get certificatesigningrequests*", "printf '%s %s\\n' $REQUESTS"),
    ("kubectl *delete certificatesigningrequest*", "true"),
    ("kubectl *get node cp1*cri-socket*", "echo /run/containerd/containerd.sock"),
    ("kubectl *delete secret*", "true"),
    ("kubectl *get *", 'test ! -e "$FAKE/objects-missing"'),
    ("systemctl is-active kubelet", "echo active"),
]  # fmt: skip

MADE = """
mkdir -p "$ROOT/etc/kubernetes/manifests"
for c in admin kubelet controller-manager scheduler; do
    echo 'server: https://api.lab.lan:8443 #kubelet-client-current' >"$ROOT/etc/kubernetes/$c.conf"
done
for c in kube-apiserver kube-controller-manager kube-scheduler etcd; do
    echo 'kind: Pod' >"$ROOT/etc/kubernetes/manifests/$c.yaml"
done
touch "$FAKE/api" "$FAKE/endpoint" "$FAKE/labelled" "$FAKE/tokens"
"""
RESET = 'cd "$ROOT/etc/kubernetes" && rm -rf manifests/* *.conf pki'


@pytest.fixture
def host(tmp_path: Path) -> Shell:
    shell = Shell(
        tmp_path,
        {
            "HAUI_HOST": "cp1",
            "TOKENS": "bootstrap-token-aaaaaa aGF1aSBpbml0 bootstrap-token-bbbbbb b3RoZXI=",
            "REQUESTS": "csr-1 system:bootstrap:aaaaaa csr-2 system:bootstrap:bbbbbb",
            "HAUI_ADDRESS": "10.77.0.11",
            "HAUI_VERSION": "1.20.2",
            "HAUI_MINOR": "20",
            "HAUI_ENDPOINT": "api.lab.lan:8443",
            "HAUI_ETCD": "stacked",
            "HAUI_LEFT_OUT": "",
            "HAUI_PEERS": "10.77.0.12 10.77.0.13",
            "HAUI_CONTROL_PLANES": "cp1=10.77.0.11 cp2=10.77.0.12 cp3=10.77.0.13",
        },
    )
    shell.rules = [
        ("kubeadm init --config*", MADE),
        ("kubeadm init phase mark-control-plane*", 'touch "$FAKE/labelled"'),
        ("kubeadm init phase*", "true"),
        ("kubeadm reset -f", RESET),
        *API,
    ]
    return shell


def complete(shell: Shell) -> None:
    """The files and answers of a finished init."""
    for conf in CONFS:
        shell.put(f"/etc/kubernetes/{conf}.conf", f"    server: {ENDPOINT}\nkubelet-client-current")
    for component in COMPONENTS:
        shell.put(f"/etc/kubernetes/manifests/{component}.yaml", "kind: Pod")
    for switch in ("api", "endpoint", "labelled"):
        shell.mark(switch)


def test_probe_of_a_complete_control_plane(host: Shell) -> None:
    complete(host)
    ran = host.run("control_plane_init_probe")
    assert ran.status == 0
    assert set(ran.verdicts().values()) == {"ok"}
    assert len(ran.findings) >= 18
    assert not ran.called("kubeadm")


AFTER_A_MOMENT = 'if test -e "$FAKE/asked"; then echo ok; else touch "$FAKE/asked"; false; fi'


def test_probe_waits_for_a_control_plane_whose_host_boots(host: Shell) -> None:
    complete(host)
    host.rules.insert(0, ("kubectl *10.77.0.11:6443*get --raw /readyz*", AFTER_A_MOMENT))
    ran = host.run("control_plane_init_probe")
    assert set(ran.verdicts().values()) == {"ok"}


def test_probe_does_not_wait_for_an_init_that_was_cut_off(host: Shell) -> None:
    complete(host)
    host.put("/var/lib/haui/half-done", "api.lab.lan:8443")
    host.rules.insert(0, ("kubectl *10.77.0.11:6443*get --raw /readyz*", AFTER_A_MOMENT))
    ran = host.run("control_plane_init_probe")
    assert ran.verdicts()["API server of this host"] == "differs"
    assert not ran.called("sleep")


def test_probe_of_a_fresh_host(host: Shell) -> None:
    verdicts = host.run("control_plane_init_probe").verdicts()
    assert verdicts["admin.conf"] == "differs"
    assert verdicts["API server of this host"] == "differs"
    assert "blocked" not in verdicts.values()


@pytest.mark.parametrize(
    ("missing", "row"),
    [(f"manifests/{c}.yaml", f"manifest {c}") for c in COMPONENTS]
    + [(f"{c}.conf", f"{c}.conf") for c in CONFS[1:]],
)
def test_probe_sees_each_missing_file(host: Shell, missing: str, row: str) -> None:
    complete(host)
    (host.root / "etc/kubernetes" / missing).unlink()
    differing = [f.what for f in host.run("control_plane_init_probe").findings if f.verdict != "ok"]
    assert differing[0] == row
    assert differing[1:] in ([], ["kubelet's own certificate"])


@pytest.mark.parametrize(
    ("glob", "row"),
    [
        ("kubectl *configmap kubeadm-config*jsonpath*", "kubeadm-config endpoint"),
        ("kubectl *configmap/kubelet-config-1.20*", "settings for later joins"),
        ("kubectl *rolebinding/kubeadm:nodes-kubeadm-config*", "settings for later joins"),
        ("kubectl *get node cp1*cri-socket*", "runtime's socket at the Node"),
        ("kubectl *configmap/cluster-info*", "rights to join"),
        ("kubectl *rolebinding/kubeadm:bootstrap-signer-clusterinfo*", "rights to join"),
        ("kubectl *rolebinding/kube-proxy *", "kube-proxy"),
        ("kubectl *service/kube-dns*", "CoreDNS"),
        ("kubectl *get nodes -l*", "label control-plane"),
        (f"kubectl *--server {ENDPOINT}*", "API through the endpoint"),
        ("systemctl is-active kubelet", "kubelet"),
    ],
)
def test_probe_sees_each_missing_part(host: Shell, glob: str, row: str) -> None:
    complete(host)
    host.rules.insert(0, (glob, "false"))
    differing = [f.what for f in host.run("control_plane_init_probe").findings if f.verdict != "ok"]
    assert differing == [row]


def test_probe_leaves_out_what_the_cluster_leaves_out(host: Shell) -> None:
    complete(host)
    host.rules.insert(0, ("kubectl *deployment/coredns*", "false"))
    host.rules.insert(0, ("kubectl *daemonset/kube-proxy*", "false"))
    ran = host.run("control_plane_init_probe", HAUI_LEFT_OUT="addon/coredns,addon/kube-proxy")
    assert set(ran.verdicts().values()) == {"ok"}


def test_probe_asks_for_the_rights_of_admin_conf_since_1_29(host: Shell) -> None:
    complete(host)
    assert "right of admin.conf" not in host.run("control_plane_init_probe").verdicts()
    assert "right of admin.conf" in host.run("control_plane_init_probe", HAUI_MINOR="29").verdicts()


@pytest.mark.parametrize("conf", ["admin", "kubelet"])
def test_probe_is_blocked_by_another_cluster(host: Shell, conf: str) -> None:
    host.put(f"/etc/kubernetes/{conf}.conf", "    server: https://other.lan:6443")
    assert host.run("control_plane_init_probe").verdicts()["cluster of this host"] == "blocked"


def test_probe_is_blocked_when_another_control_plane_runs(host: Shell) -> None:
    host.mark("peer")
    assert host.run("control_plane_init_probe").verdicts()["other control planes"] == "blocked"


@pytest.mark.parametrize(
    "answer", ["echo ok", "echo 'error: You must be logged in (Unauthorized)'; false"]
)
def test_probe_is_blocked_when_the_endpoint_is_taken(host: Shell, answer: str) -> None:
    host.rules.insert(0, (f"kubectl *--server {ENDPOINT}*", answer))
    assert host.run("control_plane_init_probe").verdicts()["endpoint is free"] == "blocked"


def test_fresh_host_is_initialised(host: Shell) -> None:
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    assert len(ran.called("kubeadm")) == 1
    assert ran.called("kubeadm")[0].endswith("--skip-token-print --skip-certificate-key-print")
    assert not ran.called("kubeadm reset")


def test_phases_are_skipped_by_flag_where_asked(host: Shell) -> None:
    ran = host.run("control_plane_init_apply", HAUI_SKIP_FLAG="addon/coredns")
    assert ran.called("kubeadm init")[0].endswith("--skip-phases=addon/coredns")


def test_only_the_token_of_init_is_taken_away(host: Shell) -> None:
    deleted = [c for c in host.run("control_plane_init_apply").calls if "delete secret" in c]
    assert len(deleted) == 1
    assert "bootstrap-token-aaaaaa" in deleted[0]


def test_no_secret_gets_into_the_output(host: Shell) -> None:
    host.rules.insert(0, (
        "kubeadm init --config*",
        f"echo 'kubeadm join x --token {TOKEN}'; echo {KEY}; echo sha256:{KEY} >&2; false",
    ))  # fmt: skip
    ran = host.run("control_plane_init_apply")
    assert ran.status != 0
    assert TOKEN not in ran.output + ran.errors
    assert f"\n{KEY}" not in ran.output + ran.errors
    assert f"sha256:{KEY}" in ran.output, "digests are no secrets"
    assert not [f for f in (host.folder / "tmp").iterdir() if TOKEN in f.read_text()]


def test_a_failed_init_says_why(host: Shell) -> None:
    host.rules.insert(
        0, ("kubeadm init --config*", "echo '	[ERROR Port-6443]: Port 6443 is in use'; exit 1")
    )
    host.rules.insert(0, ("journalctl*", "echo kubelet says why"))
    ran = host.run("control_plane_init_apply")
    assert ran.status == 1
    assert "kubelet says why" in ran.output
    assert "[ERROR Port-6443]" in ran.output
    assert "a port is taken" in ran.errors
    assert not ran.called("kubeadm reset"), "what it left is looked at by the next attempt"


def test_a_running_control_plane_is_never_initialised_again(host: Shell) -> None:
    complete(host)
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    assert ran.called("kubeadm") == []


def test_a_dead_endpoint_is_no_reason_to_initialise_again(host: Shell) -> None:
    complete(host)
    host.rules.insert(0, (f"kubectl *--server {ENDPOINT}*", "false"))
    ran = host.run("control_plane_init_apply")
    assert ran.status == 1
    assert "check the virtual IP" in ran.errors
    assert ran.called("kubeadm") == []


@pytest.mark.parametrize(
    ("glob", "phase"),
    [
        ("kubectl *get *rolebinding/kubeadm:kubelet-config-1.20*", "upload-config all"),
        ("kubectl *get node cp1*cri-socket*", "upload-config kubelet"),
        ("kubectl *get nodes -l*", "mark-control-plane"),
        ("kubectl *get *configmap/cluster-info*", "bootstrap-token --skip-token-print"),
        ("kubectl *get *service/kube-dns*", "addon coredns"),
        ("kubectl *get *rolebinding/kube-proxy *", "addon kube-proxy"),
    ],
)  # fmt: skip
def test_only_the_missing_phase_is_run(host: Shell, glob: str, phase: str) -> None:
    complete(host)
    host.rules.insert(0, (glob, "false"))
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    assert [call.split(" --config ")[0] for call in ran.called("kubeadm")] == [
        f"kubeadm init phase {phase}"
    ]


def test_missing_files_of_a_running_control_plane_are_made(host: Shell) -> None:
    complete(host)
    (host.root / "etc/kubernetes/scheduler.conf").unlink()
    (host.root / "etc/kubernetes/manifests/kube-scheduler.yaml").unlink()
    phases = [
        c.split(" --config ")[0] for c in host.run("control_plane_init_apply").called("kubeadm")
    ]
    assert phases == [
        "kubeadm init phase kubeconfig all",
        "kubeadm init phase control-plane scheduler",
    ]


def test_another_version_is_not_upgraded(host: Shell) -> None:
    complete(host)
    ran = host.run("control_plane_init_apply", HAUI_VERSION="1.21.0")
    assert ran.status == 1
    assert "upgrades are not done here" in ran.errors
    assert ran.called("kubeadm") == []


def test_a_half_done_init_is_undone_and_begun_again(host: Shell) -> None:
    """Files, no API server, nothing else has joined. The balancer's static pod survives."""
    host.put_all("/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/manifests/kube-apiserver.yaml")
    host.put("/etc/kubernetes/manifests/kube-vip.yaml", "of the balancer")
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    assert [c.split(" --config")[0] for c in ran.called("kubeadm")] == [
        "kubeadm reset -f",
        "kubeadm init",
    ]
    kept = host.root / "etc/kubernetes/manifests/kube-vip.yaml"
    assert kept.read_text() == "of the balancer"


def test_client_certificates_of_an_external_etcd_survive(host: Shell) -> None:
    for name in ("etcd/ca.crt", "apiserver-etcd-client.crt", "apiserver-etcd-client.key"):
        host.put(f"/etc/kubernetes/pki/{name}", name)
    host.put("/etc/kubernetes/pki/ca.crt")
    ran = host.run("control_plane_init_apply", HAUI_ETCD="external")
    assert ran.called("kubeadm reset")
    key = host.root / "etc/kubernetes/pki/apiserver-etcd-client.key"
    assert key.read_text() == "apiserver-etcd-client.key"


def test_what_a_reset_that_was_cut_off_would_have_lost_is_put_back(host: Shell) -> None:
    host.put("/etc/kubernetes/haui-kept/manifests/kube-vip.yaml", "of the balancer")
    assert host.run("control_plane_init_apply").status == 0
    assert host.exists("/etc/kubernetes/manifests/kube-vip.yaml")
    assert not host.exists("/etc/kubernetes/haui-kept")


def test_a_control_plane_that_only_needs_time_is_waited_for(host: Shell) -> None:
    """After a restart of the host: everything is there and the kubelet brings it up."""
    complete(host)
    (host.folder / "fake/api").unlink()
    host.rules.insert(0, ("systemctl start kubelet", 'touch "$FAKE/api"'))
    ran = host.run("control_plane_init_apply")
    assert ran.status == 0, ran.errors
    assert ran.called("kubeadm") == []


def test_a_broken_first_host_is_not_undone_once_others_have_joined(host: Shell) -> None:
    complete(host)
    (host.folder / "fake/api").unlink()
    host.mark("peer")
    ran = host.run("control_plane_init_apply")
    assert ran.status == 1
    assert "10.77.0.12 is a control plane of this cluster already" in ran.errors
    assert ran.called("kubeadm") == []


def test_a_fresh_first_host_does_not_start_a_second_cluster(host: Shell) -> None:
    host.mark("peer")
    ran = host.run("control_plane_init_apply")
    assert ran.status == 1
    assert ran.called("kubeadm") == []


def test_another_cluster_is_not_undone(host: Shell) -> None:
    host.put("/etc/kubernetes/admin.conf", "    server: https://other.lan:6443")
    ran = host.run("control_plane_init_apply")
    assert ran.status == 1
    assert "https://other.lan:6443" in ran.errors
    assert ran.called("kubeadm") == []


def test_data_of_an_unknown_etcd_is_not_touched(host: Shell) -> None:
    host.put("/var/lib/etcd/member/wal")
    ran = host.run("control_plane_init_apply")
    assert ran.status == 1
    assert host.exists("/var/lib/etcd/member/wal")
    assert ran.called("kubeadm") == []


def test_a_failing_reset_ends_the_attempt(host: Shell) -> None:
    host.put("/etc/kubernetes/pki/ca.crt")
    host.rules.insert(0, ("kubeadm reset -f", "exit 1"))
    ran = host.run("control_plane_init_apply")
    assert ran.status == 1
    assert not ran.called("kubeadm init")
