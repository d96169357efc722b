"""A host that joins as a control plane, with programs that play kubeadm, kubectl and etcd."""

from __future__ import annotations

import base64
from pathlib import Path

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


def joining(folder: Path) -> Shell:
    """cp2, which joins by way of cp1."""
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
    return Shell(folder, env, rules=list(RULES), inputs=inputs)


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
