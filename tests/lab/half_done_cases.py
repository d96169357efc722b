"""Where kubeadm is cut off, how, and what haui has to find and do then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

End = Literal["kubeadm", "task", "host", "nothing"]
"""What dies: kubeadm alone (SIGKILL), everything of the task (SIGKILL), the host (power cut), or
nothing: kubeadm ends by itself, and haui has to try again in the same run."""

MADE_AGAIN = "made again"
"""The host is cleaned as if nothing had been, and kubeadm starts afresh."""
GOES_ON = "goes on"
"""Nothing is undone; only what is missing is done."""


OLDER = range(31)
NEWER = range(31, 100)
"""kubeadm's ControlPlaneKubeletLocalMode: etcd joins before the kubelet has its certificate."""
EVERY = range(100)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One interruption. `plan` is for scripts/half-done-kubeadm.sh.

    `before` is done on the first control plane when kubeadm is about to begin, `broken` on the host
    itself when it has stopped, `elsewhere` on the first control plane then; all are shell.
    `stuck`: what haui has to say, since only a person may go on, with the commands for it.
    `minors`: the Kubernetes 1.x whose kubeadm has these phases, and comes to that state.
    """

    name: str
    host: str
    plan: tuple[str, ...]
    end: End
    then: str
    before: str = ""
    broken: str = ""
    elsewhere: str = ""
    stuck: str = ""
    minors: range = OLDER


K = "kubectl --kubeconfig /etc/kubernetes/admin.conf"
MANIFESTS = "/etc/kubernetes/manifests"
PKI = "/etc/kubernetes/pki/etcd"
IN_ETCD = (
    f"{K} -n kube-system exec etcd-cp1 -c etcd -- etcdctl --endpoints=https://127.0.0.1:2379 "
    f"--cacert={PKI}/ca.crt --cert={PKI}/healthcheck-client.crt --key={PKI}/healthcheck-client.key"
)
UP = f"for n in $(seq 150); do {K} get --raw /readyz >/dev/null 2>&1 && break; sleep 1; done"
PREPARED = (
    "phase preflight",
    "phase control-plane-prepare download-certs",
    "phase control-plane-prepare certs",
    "phase control-plane-prepare kubeconfig",
    "phase control-plane-prepare control-plane",
)
MEMBER_ADDED = IN_ETCD + " member add {name} --peer-urls=https://{address}:2380"
JOINS = (
    # First, while there is only one member: later it costs no quorum.
    Case(name="join: etcd member added, no manifest: quorum lost", host="cp2", end="kubeadm",
         then=MADE_AGAIN, plan=(*PREPARED, "phase kubelet-start"), elsewhere=MEMBER_ADDED,
         stuck="--force-new-cluster"),
    Case(name="join: voter, but its API server's manifest lost in the power cut", host="cp2",
         end="host", then=MADE_AGAIN,
         plan=(*PREPARED, "phase kubelet-start", "phase control-plane-join etcd"),
         broken=f": >{MANIFESTS}/kube-apiserver.yaml; : >/etc/kubernetes/scheduler.conf"),
    Case(name="join: etcd member added, its manifest just written", host="cp2", end="task",
         then=GOES_ON, plan=(f"until {MANIFESTS}/etcd.yaml",)),
    Case(name="join: learner, manifest just written, kubelet without certificate", host="cp2",
         end="task", then=MADE_AGAIN, plan=(f"until {MANIFESTS}/etcd.yaml",), minors=NEWER),
    Case(name="join: kubelet started, Node there", host="cp2", end="task", then=MADE_AGAIN,
         plan=(*PREPARED, "phase kubelet-start")),
    # A kubeadm that dies alone here is finished by the same attempt.
    Case(name="join: before mark-control-plane", host="cp2", end="task", then=GOES_ON,
         plan=(*PREPARED, "phase kubelet-start", "phase control-plane-join etcd",
               "phase control-plane-join update-status")),
    Case(name="join: certificates downloaded", host="cp2", end="kubeadm", then=MADE_AGAIN,
         plan=PREPARED[:2]),
    Case(name="join: manifests written", host="cp2", end="host", then=MADE_AGAIN, plan=PREPARED),
    Case(name="join: kubelet has no certificate yet", host="cp2", end="kubeadm", then=MADE_AGAIN,
         plan=("until /etc/kubernetes/bootstrap-kubelet.conf",), minors=EVERY),
    Case(name="join: uploaded certificates gone before kubeadm begins", host="cp2", end="nothing",
         then=MADE_AGAIN, before=f"{K} -n kube-system delete secret kubeadm-certs",
         plan=("real",), minors=EVERY),
)  # fmt: skip

WORKERS = (
    Case(name="worker: bootstrap-kubelet.conf written", host="wk1", end="kubeadm",
         then=MADE_AGAIN, plan=("until /etc/kubernetes/bootstrap-kubelet.conf",), minors=EVERY),
    Case(name="worker: kubelet's settings written", host="wk1", end="host", then=MADE_AGAIN,
         plan=("until /var/lib/kubelet/config.yaml",), minors=EVERY),
    Case(name="worker: certificate request not answered", host="wk1", end="kubeadm",
         then=MADE_AGAIN, plan=("until /var/lib/kubelet/pki/kubelet-client.key.tmp",), minors=EVERY,
         before=f"{K} delete clusterrolebinding kubeadm:node-autoapprove-bootstrap"),
    Case(name="worker: kubelet started, Node not ready", host="wk1", end="task", then=GOES_ON,
         plan=("phase preflight", "phase kubelet-start")),
)  # fmt: skip

STARTED = (
    "phase preflight", "phase certs all", "phase kubeconfig all", "phase kubelet-start",
    "phase control-plane all", "phase etcd local",
)  # fmt: skip

INITS = (
    Case(name="init: certificates made, one key lost", host="cp1", end="kubeadm", then=MADE_AGAIN,
         plan=STARTED[:2], minors=EVERY, broken="rm /etc/kubernetes/pki/ca.crt"),
    Case(name="init: kubeconfigs written", host="cp1", end="host", then=MADE_AGAIN,
         plan=STARTED[:3], minors=EVERY),
    Case(name="init: kubelet started", host="cp1", end="task", then=MADE_AGAIN, plan=STARTED[:4]),
    Case(name="init: manifests, but etcd's", host="cp1", end="kubeadm", then=MADE_AGAIN,
         plan=STARTED[:5]),
    Case(name="init: etcd has data, its manifest lost in the power cut", host="cp1", end="host",
         then=MADE_AGAIN, plan=STARTED,
         broken=f"{UP}; : >{MANIFESTS}/etcd.yaml; : >/etc/kubernetes/pki/sa.key"),
    Case(name="init: all manifests written", host="cp1", end="host", then=GOES_ON,
         plan=(f"until {MANIFESTS}/etcd.yaml",)),
    Case(name="init: three phases cut off in their middle", host="cp1", end="task", then=GOES_ON,
         plan=(*STARTED, f"run {UP}", "phase upload-config kubeadm",
               "phase bootstrap-token --skip-token-print", "phase addon kube-proxy"),
         broken=f"{K} -n kube-system delete rolebinding kube-proxy kubeadm:nodes-kubeadm-config; "
         f"{K} -n kube-public delete rolebinding kubeadm:bootstrap-signer-clusterinfo"),
)  # fmt: skip
