"""Packages: the tools that everything needs, and the source of the Kubernetes packages."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps.osfamily import family_of
from steps.where import everywhere, is_node

BALANCER_PACKAGES = ("ca-certificates", "curl", "iproute2", "procps", "iputils-ping")


def base_packages(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """What must be installed on `host` before anything of Kubernetes."""
    if not is_node(spec, host):
        return BALANCER_PACKAGES
    family = family_of(spec, host)
    ipvs = family.ipvs_packages if spec.network.kube_proxy == "ipvs" else ()
    return family.base_packages + ipvs


def _base(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_PACKAGES": " ".join(base_packages(spec, host))}
    return Work(
        probe=Call(script="packages_base_probe", env=env),
        apply=Call(script="packages_base_apply", env=env),
        # The first packages need the proxy as much as those of Kubernetes.
        files=family_of(spec, host).proxy_files(spec),
    )


def _source(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    family = family_of(spec, host)
    env = {"HAUI_VERSION": spec.kubernetes.version, **family.source_env(spec)}
    return Work(
        probe=Call(script="packages_source_probe", env=env),
        apply=Call(script="packages_source_apply", env=env),
        files=family.source_files(spec),
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
