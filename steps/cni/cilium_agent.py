"""Cilium's agent: a pod on every node that reaches into the host, which it prepares.

Facts: the Helm chart of Cilium 1.20.
"""

from __future__ import annotations

from haui.spec import ClusterSpec
from steps.cni.cilium_config import BPF_ROOT, CGROUP_ROOT
from steps.cni.cilium_pods import api, health, one_a_node, tag, whereabouts
from steps.cni.cilium_rights import AGENT
from steps.cni.objects import SYSTEM, Document, env_value, host_path, image, mount
from steps.load import body

AGENT_IMAGE = "quay.io/cilium/cilium"

APPARMOR_MINOR = 30
"""From this minor on a pod names its AppArmor profile in a field; before, in annotations."""

CAPABILITIES = (
    "CHOWN", "KILL", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "SYS_MODULE", "SYS_ADMIN", "SYS_RESOURCE",
    "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SYSLOG",
)  # fmt: skip
_ENTER = ("SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE")
_BIN = "/opt/cni/bin"


def daemon_set(spec: ClusterSpec) -> Document:
    """The agent on every node."""
    labels = {"k8s-app": AGENT, "app.kubernetes.io/name": "cilium-agent"}
    pod: Document = {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "serviceAccountName": AGENT,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {"seccompProfile": {"type": "Unconfined"}},
        "terminationGracePeriodSeconds": 1,
        "affinity": one_a_node({"k8s-app": AGENT}),
        "initContainers": _init_containers(spec),
        "containers": [_agent(spec)],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            host_path("cilium-run", "/var/run/cilium", "DirectoryOrCreate"),
            host_path("cilium-netns", "/var/run/netns", "DirectoryOrCreate"),
            host_path("bpf-maps", BPF_ROOT, "DirectoryOrCreate"),
            host_path("hostproc", "/proc", "Directory"),
            host_path("cni-path", _BIN, "DirectoryOrCreate"),
            host_path("etc-cni-netd", "/etc/cni/net.d", "DirectoryOrCreate"),
            host_path("lib-modules", "/lib/modules"),
            host_path("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
            host_path("host-proc-sys-net", "/proc/sys/net", "Directory"),
            host_path("host-proc-sys-kernel", "/proc/sys/kernel", "Directory"),
        ],
    }
    about: Document = {"labels": labels}
    if spec.kubernetes.minor >= APPARMOR_MINOR:
        pod["securityContext"]["appArmorProfile"] = {"type": "Unconfined"}
    else:
        about["annotations"] = {
            f"container.apparmor.security.beta.kubernetes.io/{container['name']}": "unconfined"
            for container in (*pod["containers"], *pod["initContainers"])
        }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": AGENT, "namespace": SYSTEM, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": AGENT}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}},
            "template": {"metadata": about, "spec": pod},
        },
    }


def _container(spec: ClusterSpec, name: str, **fields: object) -> Document:
    return {
        "name": name,
        "image": image(spec, AGENT_IMAGE, tag(spec)),
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        **fields,
    }


def _init_containers(spec: ClusterSpec) -> list[Document]:
    on_host = [mount("hostproc", "/hostproc"), mount("cni-path", "/hostbin")]
    program = ["sh", "-c", body("cilium_host_program")]
    return [
        # Gathers the ConfigMap and what is said for single nodes into files.
        _container(
            spec,
            "config",
            command=["cilium-dbg", "build-config"],
            env=[*whereabouts(), *api(spec)],
            volumeMounts=[mount("tmp", "/tmp")],  # a folder of the container
            securityContext=_confined("NET_ADMIN", selinux=False),
        ),
        _container(
            spec,
            "mount-cgroup",
            command=program,
            env=[
                env_value("PROGRAM", "cilium-mount"),
                env_value("ARGUMENT", CGROUP_ROOT),
                env_value("BIN_PATH", _BIN),
            ],
            volumeMounts=on_host,
            securityContext=_confined(*_ENTER),
        ),
        # systemd's rp_filter would drop packets of pods.
        _container(
            spec,
            "apply-sysctl-overwrites",
            command=program,
            env=[env_value("PROGRAM", "cilium-sysctlfix"), env_value("BIN_PATH", _BIN)],
            volumeMounts=on_host,
            securityContext=_confined(*_ENTER),
        ),
        _container(
            spec,
            "mount-bpf-fs",
            command=["sh", "-c", body("cilium_mount_bpf")],
            env=[env_value("BPF_ROOT", BPF_ROOT)],
            # Only mounts of a privileged container reach the host.
            securityContext={"privileged": True},
            volumeMounts=[mount("bpf-maps", BPF_ROOT, propagation="Bidirectional")],
        ),
        _container(
            spec,
            "install-cni-binaries",
            command=["/install-plugin.sh"],
            resources={"requests": {"cpu": "100m", "memory": "10Mi"}},
            securityContext=_confined(),
            volumeMounts=[mount("cni-path", "/host/opt/cni/bin")],
        ),
    ]


def _agent(spec: ClusterSpec) -> Document:
    brief = {"brief": "true"}
    # An API server that is away for a while is no reason to start agents again.
    alone = {**brief, "require-k8s-connectivity": "false"}
    return _container(
        spec,
        "cilium-agent",
        command=["cilium-agent"],
        args=["--config-dir=/tmp/cilium/config-map"],
        env=[
            *whereabouts(),
            *api(spec),
            # Seconds: agents that can't reach the API server ask ever less often.
            env_value("KUBE_CLIENT_BACKOFF_BASE", "1"),
            env_value("KUBE_CLIENT_BACKOFF_DURATION", "120"),
        ],
        ports=[{"name": "health", "containerPort": 9879, "hostPort": 9879, "protocol": "TCP"}],
        startupProbe=health(
            "health", brief, initialDelaySeconds=5, periodSeconds=2, failureThreshold=300
        ),
        livenessProbe=health(
            "health", alone, periodSeconds=30, timeoutSeconds=5, failureThreshold=10
        ),
        readinessProbe=health(
            "health", brief, periodSeconds=30, timeoutSeconds=5, failureThreshold=3
        ),
        securityContext=_confined(*CAPABILITIES),
        volumeMounts=[
            mount("host-proc-sys-net", "/host/proc/sys/net"),
            mount("host-proc-sys-kernel", "/host/proc/sys/kernel"),
            mount("bpf-maps", BPF_ROOT, propagation="HostToContainer"),
            mount("cilium-run", "/var/run/cilium"),
            mount("cilium-netns", "/var/run/cilium/netns", propagation="HostToContainer"),
            mount("etc-cni-netd", "/host/etc/cni/net.d"),
            mount("lib-modules", "/lib/modules", read_only=True),
            mount("xtables-lock", "/run/xtables.lock"),
            mount("tmp", "/tmp"),  # a folder of the container
        ],
    )


def _confined(*capabilities: str, selinux: bool = True) -> Document:
    """A container with these capabilities only; `selinux`: it reaches into the host."""
    context: Document = {"capabilities": {"drop": ["ALL"]}}
    if capabilities:
        context["capabilities"]["add"] = list(capabilities)
    if selinux:
        context["seLinuxOptions"] = {"level": "s0", "type": "spc_t"}
    return context
