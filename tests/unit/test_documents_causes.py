"""Likely causes: each rule finds its own line, nothing else takes it, and hosts can't abuse it."""

from __future__ import annotations

import re
import time

import pytest

from haui.documents.cause_rules import Rule
from haui.documents.cause_rules_cluster import RULES
from haui.documents.causes import LONGEST_EVIDENCE, likely
from haui.events import Finding, Problem
from tests.unit.specs import offline, spec

LINES: dict[str, tuple[str, str]] = {
    "host-key-changed": ("x", "the host key of 10.30.0.11:22 has changed; nothing was sent"),
    "host-key-unknown": ("x", "Host key verification failed."),
    "ssh-busy": ("x", "kex_exchange_identification: read: Connection reset by peer"),
    "ssh-login": ("x", "ops@10.30.0.11: Permission denied (publickey,password)."),
    "sudo-password": ("x", "sudo: a password is required"),
    "sudo-refused": ("x", "ops is not in the sudoers file.  This incident will be reported."),
    "proxy-refused": (
        "packages.source",
        "curl: (56) Received HTTP code 407 from proxy after CONNECT",
    ),
    "proxy-in-the-way": (
        "control_plane.init",
        ('\t[WARNING HTTPProxy]: Connection to "https://10.30.0.11" uses proxy '
        '"http://proxy.lan:3128". If that is not intended, adjust your proxy settings'),
    ),
    "vip-taken": ("preflight.facts", "virtual address in use"),
    "vrid-taken": (
        "endpoint.keepalived",
        "(haui) ip address associated with VRID 10 not present in MASTER advert : 10.30.0.10",
    ),
    "keepalived-interface": (
        "endpoint.keepalived",
        ("(/etc/keepalived/keepalived.conf: Line 14) WARNING - interface ens9 for vrrp_instance "
        "haui doesn't exist"),
    ),
    "keepalived-config": (
        "endpoint.keepalived",
        "(/etc/keepalived/keepalived.conf: Line 3) Unknown keyword 'vrrp_instanze'",
    ),
    "balancer-bind": (
        "endpoint.haproxy",
        ("[ALERT] (812) : Starting frontend api: cannot bind socket (Cannot assign requested "
        "address) [10.30.0.10:8443]"),
    ),
    "haproxy-config": (
        "endpoint.haproxy",
        "[ALERT] (931) : config : Fatal errors found in configuration.",
    ),
    "nginx-stream": (
        "endpoint.nginx",
        'nginx: [emerg] unknown directive "stream" in /etc/nginx/nginx.conf:12',
    ),
    "balancer-empty": (
        "control_plane.join",
        "haproxy[881]: backend apiservers has no server available!",
    ),
    "etcd-port": (
        "control_plane.join",
        '{"level":"warn","error":"dial tcp 10.30.0.12:2380: i/o timeout"}',
    ),
    "etcd-slow-disk": (
        "control_plane.join",
        '{"level":"warn","msg":"apply request took too long","took":"1.204s"}',
    ),
    "etcd-learner": (
        "control_plane.join",
        "etcdserver: can only promote a learner member which is in sync with leader",
    ),
    "etcd-learners": ("control_plane.join", "etcdserver: too many learner members in cluster"),
    "etcd-unstarted": (
        "control_plane.join",
        "etcdserver: re-configuration failed due to not enough started members",
    ),
    "etcd-stale-data": (
        "control_plane.join",
        "error validating peerURLs: member count is unequal",
    ),
    "etcd-leader": ("control_plane.join", "Error: etcdserver: request timed out"),
    "etcd-space": ("verify.etcd", "etcdserver: mvcc: database space exceeded"),
    "disk-full": (
        "runtime.images",
        ("write /var/lib/containerd/io.containerd.content.v1.content/ingest/1/data: no space left "
        "on device"),
    ),
    "disk-read-only": ("system.swap", "touch: cannot touch '/etc/fstab': Read-only file system"),
    "out-of-memory": (
        "control_plane.init",
        "Out of memory: Killed process 4242 (kube-apiserver) total-vm:1100000kB",
    ),
    "swap": (
        "control_plane.init",
        '"command failed" err="failed to run Kubelet: running with swap on is not supported"',
    ),
    "br-netfilter": (
        "control_plane.init",
        ("[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: "
        "/proc/sys/net/bridge/bridge-nf-call-iptables does not exist"),
    ),
    "kernel-module": (
        "system.modules",
        "modprobe: FATAL: Module overlay not found in directory /lib/modules/6.1.0-18-amd64",
    ),
    "ip-forward": (
        "control_plane.init",
        ("[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward "
        "contents are not set to 1"),
    ),
    "conntrack": (
        "control_plane.init",
        "[ERROR FileExisting-conntrack]: conntrack not found in system path",
    ),
    "missing-tool": (
        "workers.join",
        "[ERROR FileExisting-ethtool]: ethtool not found in system path",
    ),
    "cgroup-v1": (
        "control_plane.init",
        ("kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is "
        "deprecated"),
    ),
    "cgroup-driver": (
        "control_plane.init",
        ('expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got '
        '"/kubepods/burstable/pod1"'),
    ),
    "clock": (
        "control_plane.join",
        ("x509: certificate has expired or is not yet valid: current time 2026-11-20T08:00:00Z is "
        "before 2026-11-21T10:00:00Z"),
    ),
    "processors": (
        "control_plane.init",
        "[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2",
    ),
    "memory": (
        "control_plane.init",
        "[ERROR Mem]: the system RAM (965 MB) is less than the minimum 1700 MB",
    ),
    "open-files": ("workers.join", "failed to create fsnotify watcher: too many open files"),
    "selinux": (
        "endpoint.haproxy",
        'avc:  denied  { name_connect } for  pid=1 comm="haproxy" dest=6443',
    ),
    "apparmor": (
        "runtime.containerd",
        'audit: apparmor="DENIED" operation="mount" profile="cri-containerd.apparmor.d"',
    ),
    "package-lock": (
        "packages.base",
        ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 "
        "(unattended-upgr)"),
    ),
    "dpkg-interrupted": (
        "packages.base",
        ("E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the "
        "problem."),
    ),
    "signature": (
        "packages.source",
        ("W: GPG error: https://pkgs.k8s.io InRelease: The following signatures couldn't be "
        "verified because the public key is not available: NO_PUBKEY 234654DA9A296436"),
    ),
    "package-version": ("runtime.kubernetes", "E: Version '1.34.99-*' for 'kubeadm' was not found"),
    "package-404": (
        "runtime.kubernetes",
        ("E: Failed to fetch http://deb.debian.org/debian/pool/main/s/socat/socat_1.7_amd64.deb  "
        "404  Not Found [IP: 199.232.1.1 80]"),
    ),
    "no-release-file": (
        "packages.source",
        "E: The repository 'http://mirror.lan/haui ./ Release' does not have a Release file.",
    ),
    "mirror-updating": (
        "packages.base",
        "E: Failed to fetch http://deb.debian.org/x/Packages.xz  Hash Sum mismatch",
    ),
    "unmet-dependencies": (
        "runtime.containerd",
        "E: Unable to correct problems, you have held broken packages.",
    ),
    "dns": (
        "runtime.images",
        "dial tcp: lookup registry.k8s.io on 10.30.0.1:53: no such host",
    ),
    "registry-limit": (
        "runtime.images",
        "toomanyrequests: You have reached your pull rate limit.",
    ),
    "registry-ca": (
        "runtime.images",
        ('failed to pull image "hub.lan/k8s/pause:3.10": Head "https://hub.lan/v2/k8s/pause/'
        'manifests/3.10": x509: certificate signed by unknown authority'),
    ),
    "registry-http": (
        "runtime.images",
        ('Head "https://hub.lan:5000/v2/k8s/etcd/manifests/3.6": http: server gave HTTP response '
        "to HTTPS client"),
    ),
    "registry-login": (
        "runtime.images",
        'failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized',
    ),
    "image-platform": ("runtime.images", "no match for platform in manifest: not found"),
    "image-pause": (
        "control_plane.init",
        'failed to get sandbox image "registry.k8s.io/pause:3.8": failed to pull image',
    ),
    "image-absent": (
        "runtime.images",
        "hub.lan/k8s/kube-proxy:v1.34.99: manifest unknown: manifest unknown",
    ),
    "image-pull": (
        "network.cni",
        'Warning  Failed  kubelet  Error: ErrImagePull',
    ),
    "mirror-timeout": (
        "packages.source",
        "Could not connect to pkgs.k8s.io:443 (34.107.204.206), connection timed out",
    ),
    "join-endpoint": (
        "control_plane.join",
        ("unable to add a new control plane instance to a cluster that doesn't have a stable "
        "controlPlaneEndpoint address"),
    ),
    "join-secret": (
        "control_plane.join",
        ('error downloading certs: error downloading the secret: Secret "kubeadm-certs" was not '
        "found in the \"kube-system\" Namespace"),
    ),
    "node-exists": (
        "workers.join",
        'a Node with name "wk1" and status "Ready" already exists in the cluster',
    ),
    "leftovers": (
        "control_plane.join",
        ("[ERROR FileAvailable--etc-kubernetes-kubelet.conf]: /etc/kubernetes/kubelet.conf already "
        "exists"),
    ),
    "port-in-use": ("control_plane.init", "[ERROR Port-6443]: Port 6443 is in use"),
    "runtime-interface": (
        "control_plane.init",
        "rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService",
    ),
    "kubeadm-config": (
        "control_plane.init",
        'strict decoding error: unknown field "apiServer.extraArg"',
    ),
    "certificate-name": (
        "workers.join",
        "x509: certificate is valid for kubernetes, cp1, 10.96.0.1, not api.atlas.lan",
    ),
    "other-cluster": (
        "workers.join",
        'Get "https://api.atlas.lan:8443/api": x509: certificate signed by unknown authority',
    ),
    "admin-rights": (
        "control_plane.init",
        'nodes is forbidden: User "kubernetes-admin" cannot list resource "nodes"',
    ),
    "kubelet-unhealthy": (
        "control_plane.init",
        "[kubelet-check] The HTTP call equal to 'curl -sSL http://localhost:10248/healthz' failed",
    ),
    "cni-missing": (
        "cluster.ready",
        ("container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
        "message:Network plugin returns error: cni plugin not initialized"),
    ),
    "dns-loop": (
        "verify.workload",
        "[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone \".\"",
    ),
    "pods-unreachable": ("verify.workload", "pod web-1 to web-2: wget: download timed out"),
    "firewall-reject": (
        "control_plane.join",
        "dial tcp 10.30.0.10:8443: connect: no route to host",
    ),
    "endpoint-refused": (
        "control_plane.init",
        ('Get "https://api.atlas.lan:8443/healthz": dial tcp 10.30.0.100:8443: connect: connection '
        "refused"),
    ),
    "endpoint-timeout": (
        "workers.join",
        'Get "https://api.atlas.lan:8443/version": dial tcp 10.30.0.100:8443: i/o timeout',
    ),
    "not-ready-in-time": (
        "control_plane.init",
        "error execution phase wait-control-plane: timed out waiting for the condition",
    ),
    "connection-broke": ("runtime.images", "read tcp 10.30.0.11:4711: connection reset by peer"),
}  # fmt: skip


def test_every_rule_has_a_line_and_every_line_a_rule() -> None:
    assert sorted(LINES) == sorted(rule.id for rule in RULES)
    assert len(RULES) == len({rule.id for rule in RULES}) >= 25


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_line_before_all_others(rule: Rule) -> None:
    step, line = LINES[rule.id]
    noise = ("[preflight] Running pre-flight checks", "", "Reading package lists...")
    found = likely(step, lines=(*noise, line, "see the log"), spec=spec())
    assert found is not None
    assert found.rule == rule.id
    assert found.evidence in line.expandtabs().strip() or "…" in found.evidence
    assert found.fix.endswith(".") and "{" not in found.cause + found.fix + found.command


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_written_for_people(rule: Rule) -> None:
    assert not rule.cause.endswith(".") and rule.cause.isprintable()
    assert "\n" not in rule.fix + rule.command
    named = set(re.findall(r"\{(\w+)\}", rule.fix + rule.command))
    assert named <= {"endpoint", "vip", "repository"}
    groups = set(re.compile(rule.pattern).groupindex)
    assert set(re.findall(r"\{(\w+)\}", rule.cause)) - {"endpoint", "vip", "repository"} <= groups


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_line_makes_a_rule_slow(rule: Rule) -> None:
    hostile = ["failed to pull x509 dial tcp " * 70, "[ERROR " * 280, "a:" * 1000, "(" * 2000]
    began = time.process_time()
    for line in hostile:
        re.compile(rule.pattern, re.IGNORECASE).search(line[:2000])
    assert time.process_time() - began < 0.5


def test_what_haui_says_counts_more_than_the_output() -> None:
    problem = Problem(what="haproxy can't be installed", why="E: dpkg was interrupted, run it")
    found = likely("packages.base", lines=("Waiting for cache lock",), problem=problem)
    assert found is not None and found.rule == "dpkg-interrupted"


def test_findings_that_are_wrong_count() -> None:
    ok = Finding(verdict="ok", what="virtual address in use", seen="no")
    held = Finding(verdict="blocked", what="port 6443", expected="Stop it", seen="held by k3s (8)")
    assert likely("preflight.facts", findings=(ok,)) is None
    found = likely("preflight.facts", findings=(ok, held))
    assert found is not None
    assert (found.rule, found.evidence) == ("port-in-use", "port 6443: held by k3s (8)")


def test_nothing_is_guessed_about_a_check_that_knows_its_cause() -> None:
    held = Finding(
        verdict="blocked", what="port 6443", seen="held by k3s (8)", check="ports.free",
        fix="Stop k3s.",
    )  # fmt: skip
    assert likely("preflight.facts", findings=(held,)) is None


def test_the_last_line_that_matches_is_the_evidence() -> None:
    found = likely("x", lines=("Read-only file system: a", "Read-only file system: b"))
    assert found is not None and found.evidence.endswith("b")


def test_the_cluster_file_fills_the_advice() -> None:
    found = likely("control_plane.init", lines=(LINES["endpoint-refused"][1],), spec=spec())
    assert found is not None
    assert "api.atlas.lan:8443" in found.cause and "10.30.0.100" in found.command
    mirrored = likely("runtime.images", lines=(LINES["image-pause"][1],), spec=offline())
    assert mirrored is not None and "https://hub.lan/k8s" in mirrored.fix
    bare = likely("runtime.images", lines=(LINES["image-pause"][1],))
    assert bare is not None and "the registry" in bare.fix


def test_steps_keep_a_rule_to_where_it_means_something() -> None:
    line = LINES["endpoint-refused"][1]
    assert likely("packages.base", lines=(line,)) is None


def test_nothing_known_is_none() -> None:
    assert likely("x") is None
    assert likely("x", lines=("all is well", ""), problem=Problem(what="it failed")) is None


def test_hostile_text_stays_evidence() -> None:
    line = "\x1b[31m; rm -rf / `id` dial tcp 10.0.0.1;reboot:2380: i/o timeout {vip}" + "z" * 9000
    found = likely("control_plane.join", lines=(line,), spec=spec())
    assert found is not None and found.rule == "etcd-port"
    assert "\x1b" not in found.evidence and len(found.evidence) <= LONGEST_EVIDENCE + 2
    assert "reboot" not in found.command + found.fix
    assert "rm -rf" not in found.cause + found.fix + found.command
