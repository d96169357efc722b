"""The container runtime, Kubernetes' programs, and their images."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import containerd, endpoint_kube_vip, kubeadm, osfamily, proxy
from steps.cni.kinds import agent_images
from steps.where import has_containerd, is_node

_CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


def image_names(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """The last part of the names of the images that `host` needs before kubeadm runs there."""
    skipped = set(kubeadm.skipped_phases(spec))
    names = ["pause"]
    if spec.network.kube_proxy != "none" and not skipped & {"addon", "addon/kube-proxy"}:
        names.append("kube-proxy")
    if "control-plane" not in host.roles:
        return tuple(names)
    names += _CONTROL_PLANE
    if spec.topology.kind != "external":
        names.append("etcd")
    if not skipped & {"addon", "addon/coredns"}:
        names.append("coredns")
    return tuple(names)


def _containerd(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        "HAUI_MINOR": str(spec.kubernetes.minor),
        "HAUI_PAUSE_IMAGE": containerd.pause_image(spec),
        "HAUI_SYSTEMD_CGROUP": "true" if containerd.systemd_cgroup(spec) else "false",
        **{f"HAUI_{name}": value for name, value in proxy.environment(spec).items()},
    }
    packages = osfamily.each("HAUI_CONTAINERD", lambda family: " ".join(family.containerd_packages))
    return Work(
        probe=Call(script="runtime_containerd_probe", env=env),
        apply=Call(script="runtime_containerd_apply", env=packages),
        files=containerd.files(spec, values),
    )


def _kubernetes(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_VERSION": spec.kubernetes.version}
    return Work(
        probe=Call(script="runtime_kubernetes_probe", env=env),
        apply=Call(script="runtime_kubernetes_apply", env=env),
    )


def _images(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    documents = kubeadm.init_documents(spec)
    cluster = [doc for doc in documents if doc["kind"] == "ClusterConfiguration"]
    inputs = {"kubeadm.yaml": kubeadm.dump(cluster)}
    env = {
        "HAUI_IMAGES": " ".join(image_names(spec, host)),
        "HAUI_PAUSE_IMAGE": containerd.pause_image(spec),
    }
    # Of the pod network, what runs on every node: a node is ready once that does.
    others = list(agent_images(spec))
    if endpoint_kube_vip.uses_kube_vip(spec) and "control-plane" in host.roles:
        others.append(endpoint_kube_vip.image(spec))
    if others:
        env["HAUI_OTHER_IMAGES"] = " ".join(others)
    return Work(
        probe=Call(script="runtime_images_probe", env=env, inputs=inputs),
        apply=Call(script="runtime_images_apply", env=env, inputs=inputs),
    )


STEPS = (
    Step(
        id="runtime.containerd",
        title="Install and configure containerd",
        phase="runtime",
        on=has_containerd,
        work=_containerd,
        timeout_s=1200,
        disruptive="containerd is restarted; running containers go on.",
        explain="The runtime of all containers: systemd manages their cgroups as the kubelet "
        "expects, the pause image is kubeadm's, and images come from your mirrors only. A login of "
        "the registry stands in hosts.toml, readable by root alone, since containerd reads it "
        "nowhere else.",
    ),
    Step(
        id="runtime.kubernetes",
        title="Install kubeadm, kubelet and kubectl",
        phase="runtime",
        on=is_node,
        work=_kubernetes,
        timeout_s=1800,
        explain="Exactly the asked version, held so that no upgrade of the system changes it.",
    ),
    Step(
        id="runtime.images",
        title="Pull images",
        phase="runtime",
        on=is_node,
        work=_images,
        needs=("registry.content",),
        timeout_s=3600,
        explain="Whether every image can be had is better known before the control plane starts "
        "than in the middle of it; and it starts faster.",
    ),
)
