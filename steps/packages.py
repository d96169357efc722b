"""Packages: the tools that everything needs, and the source of the Kubernetes packages."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import osfamily, proxy
from steps.osfamily import Family
from steps.where import everywhere, has_containerd, is_node


def base_packages(spec: ClusterSpec, host: HostSpec, family: Family) -> tuple[str, ...]:
    """What must be installed on `host`, were it of `family`, before anything of Kubernetes."""
    if not is_node(spec, host):
        return family.balancer_packages
    ipvs = family.ipvs_packages if spec.network.kube_proxy == "ipvs" else ()
    return family.base_packages + ipvs


def selinux_packages(spec: ClusterSpec, host: HostSpec, family: Family) -> tuple[str, ...]:
    """What a host needs besides where SELinux is on."""
    names = family.selinux_packages
    if has_containerd(spec, host):
        return names
    return tuple(name for name in names if name != "container-selinux")


def _base(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = osfamily.each("HAUI_PACKAGES", lambda family: " ".join(base_packages(spec, host, family)))
    env |= osfamily.each(
        "HAUI_SELINUX_PACKAGES", lambda family: " ".join(selinux_packages(spec, host, family))
    )
    return Work(
        probe=Call(script="packages_base_probe", env=env),
        apply=Call(script="packages_base_apply", env=env),
        # The first packages need the proxy as much as those of Kubernetes.
        files=osfamily.proxy_files(spec),
    )


def _source(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        "HAUI_VERSION": spec.kubernetes.version,
        "HAUI_HTTPS_PROXY": spec.supply.proxy.https or "",
        "HAUI_NO_PROXY": proxy.no_proxy(spec),
        **osfamily.source_env(spec),
    }
    return Work(
        probe=Call(script="packages_source_probe", env=env),
        apply=Call(script="packages_source_apply", env=env),
        files=osfamily.source_files(spec),
    )


STEPS = (
    Step(
        id="packages.base",
        title="Install base packages",
        phase="packages",
        on=everywhere,
        work=_base,
        timeout_s=1800,
        explain="Tools that kubeadm checks for and the kubelet calls, and that newer Kubernetes "
        "packages no longer bring along. Only what is missing is installed.",
    ),
    Step(
        id="packages.source",
        title="Add the Kubernetes package source",
        phase="packages",
        on=is_node,
        work=_source,
        timeout_s=600,
        explain="The community's repository of this Kubernetes minor version, or your mirror, with "
        "its signing key. Other package sources are left alone.",
    ),
)
