"""containerd's configuration, rendered for both generations of its format.

Which containerd a host has is only known there, so config.toml is rendered for format version 2
(containerd 1.x) and 3 (2.x), and the apply script installs the one that fits.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from haui.host import File
from haui.spec import ClusterSpec
from haui.step import Values
from steps import proxy, toml
from steps.kubeadm import image_repository
from steps.kubeadm_merge import merge
from steps.mirrors import CA_PATH, Mirror, mirrors

CERTS_D = "/etc/containerd/certs.d"
LOGIN_PLACEHOLDER = "Basic <login of the registry, put in when haui runs>"
HEAD = "# Written by haui; changes are lost when it runs again.\n"

PAUSE_TAGS: tuple[tuple[int, str], ...] = (
    (36, "3.10.2"), (34, "3.10.1"), (31, "3.10"), (26, "3.9"), (25, "3.8"), (24, "3.7"),
    (23, "3.6"), (22, "3.5"), (21, "3.4.1"), (0, "3.2"),
)  # fmt: skip
"""First Kubernetes minor and the pause tag from then on, from kubeadm's list of images."""

_IMAGES_KEYS = frozenset(
    {"registry", "pinned_images", "image_decryption", "max_concurrent_downloads", "snapshotter",
     "image_pull_progress_timeout", "image_pull_with_sync_fs", "stats_collect_period",
     "disable_snapshot_annotations", "discard_unpacked_layers", "runtime_platforms"}
)  # fmt: skip
"""Keys of the one CRI table of version 2 that moved to the images plugin in version 3."""


def pause_image(spec: ClusterSpec) -> str:
    """The pause image that containerd is told to use: the admin's, else the one of kubeadm."""
    given = spec.advanced.containerd.get("sandbox_image")
    if isinstance(given, str):
        return given
    tag = next(tag for minor, tag in PAUSE_TAGS if spec.kubernetes.minor >= minor)
    return f"{image_repository(spec) or 'registry.k8s.io'}/pause:{tag}"


def cri_table(spec: ClusterSpec) -> dict[str, Any]:
    """The CRI plugin's table in the shape of version 2, with `advanced.containerd` merged in."""
    kubelet = spec.advanced.kubeadm.get("KubeletConfiguration", {})
    runc = {
        "runtime_type": "io.containerd.runc.v2",
        # The kubelet and the runtime must agree on who manages cgroups.
        "options": {"SystemdCgroup": kubelet.get("cgroupDriver", "systemd") == "systemd"},
    }
    table = {
        "sandbox_image": pause_image(spec),
        "registry": {"config_path": CERTS_D},
        # Where kubernetes-cni and the CNI's own pods put plugins; Debian's default is another one.
        "cni": {"bin_dir": "/opt/cni/bin", "conf_dir": "/etc/cni/net.d"},
        "containerd": {"default_runtime_name": "runc", "runtimes": {"runc": runc}},
    }
    return merge(table, spec.advanced.containerd)


def systemd_cgroup(spec: ClusterSpec) -> bool:
    """Whether containers' cgroups are systemd's, after all merging."""
    runc = cri_table(spec)["containerd"]["runtimes"]["runc"]
    return bool(runc.get("options", {}).get("SystemdCgroup", False))


def config_v2(spec: ClusterSpec) -> str:
    """config.toml of containerd 1.x."""
    plugins = {"io.containerd.grpc.v1.cri": cri_table(spec)}
    return HEAD + toml.dump({"version": 2, "plugins": plugins})


def config_v3(spec: ClusterSpec) -> str:
    """config.toml of containerd 2.x: the CRI table is split into a runtime and an images plugin."""
    table = dict(cri_table(spec))
    sandbox = table.pop("sandbox_image")
    images = {key: table.pop(key) for key in list(table) if key in _IMAGES_KEYS}
    images["pinned_images"] = {**images.get("pinned_images", {}), "sandbox": sandbox}
    cni = dict(table["cni"])
    if cni.get("bin_dir") == "/opt/cni/bin":
        # The default there; and the key's name changed between 2.0 and 2.4.
        del cni["bin_dir"]
    plugins = {
        "io.containerd.cri.v1.runtime": {**table, "cni": cni},
        "io.containerd.cri.v1.images": images,
        # Since 2.1 pulls go through the transfer service, which looks for mirrors by itself.
        "io.containerd.transfer.v1.local": {"config_path": images["registry"]["config_path"]},
    }
    return HEAD + toml.dump({"version": 3, "plugins": plugins})


def hosts_toml(spec: ClusterSpec, upstream: str, values: Values) -> str:
    """hosts.toml for `upstream`. All requests go to its mirrors: the first is the server as well,
    so that nothing falls back to the internet behind the admin's back."""
    asked = mirrors(spec)[upstream]
    hosts = {mirror.api: _access(spec, mirror, values) for mirror in asked}
    fallback = {k: v for k, v in hosts[asked[0].api].items() if k != "capabilities"}
    return HEAD + toml.dump({"server": asked[0].api, **fallback, "host": hosts})


def _access(spec: ClusterSpec, mirror: Mirror, values: Values) -> dict[str, Any]:
    access: dict[str, Any] = {"capabilities": ["pull", "resolve"], "override_path": True}
    if mirror.ca:
        access["ca"] = mirror.ca
    if mirror.login:
        access["header"] = {"Authorization": authorization(spec, values)}
    return access


def authorization(spec: ClusterSpec, values: Values) -> str:
    """The header that logs in; a placeholder while the password is not known (previews)."""
    password = values.get("registry_password")
    if not password:
        return LOGIN_PLACEHOLDER
    login = f"{spec.supply.images.username}:{password}"
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def files(spec: ClusterSpec, values: Values) -> tuple[File, ...]:
    """Every file that containerd reads."""
    out = {
        "/etc/haui/containerd/config-v2.toml": config_v2(spec),
        "/etc/haui/containerd/config-v3.toml": config_v3(spec),
        "/etc/crictl.yaml": CRICTL,
    }
    images = spec.supply.images
    if images.ca_pem:
        out[CA_PATH] = images.ca_pem
    if proxy.environment(spec):
        out["/etc/systemd/system/containerd.service.d/haui-proxy.conf"] = proxy.unit_drop_in(spec)
    secret: Mapping[str, str] = {
        f"{CERTS_D}/{upstream}/hosts.toml": hosts_toml(spec, upstream, values)
        for upstream in mirrors(spec)
    }
    mode = 0o600 if images.username else 0o644
    return (
        *(File(path=path, content=text.encode()) for path, text in out.items()),
        *(File(path=path, content=text.encode(), mode=mode) for path, text in secret.items()),
    )


CRICTL = (
    HEAD + "runtime-endpoint: unix:///run/containerd/containerd.sock\n"
    "image-endpoint: unix:///run/containerd/containerd.sock\n"
    "timeout: 10\n"
    "debug: false\n"
)
