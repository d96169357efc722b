"""What containerd is told, for both of its generations."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from steps import containerd, mirrors, runtime
from tests.unit.specs import CA, offline, spec

CRI = "io.containerd.grpc.v1.cri"


def v2(**changes: Any) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(containerd.config_v2(spec(**changes)))["plugins"][CRI]
    return table


def v3(**changes: Any) -> dict[str, Any]:
    plugins: dict[str, Any] = tomllib.loads(containerd.config_v3(spec(**changes)))["plugins"]
    return plugins


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        ("1.20.2", "3.2"), ("1.21.0", "3.4.1"), ("1.24.1", "3.7"), ("1.30.1", "3.9"),
        ("1.31.0", "3.10"), ("1.33.1", "3.10"), ("1.34.2", "3.10.1"), ("1.35.0", "3.10.1"),
        ("1.36.4", "3.10.2"),
    ],
)  # fmt: skip
def test_the_pause_image_is_that_of_kubeadm(version: str, tag: str) -> None:
    table = v2(kubernetes={"version": version})
    assert table["sandbox_image"] == f"registry.k8s.io/pause:{tag}"


def test_the_pause_image_comes_from_the_admins_repository() -> None:
    changes = {"supply": {"images": {"repository": "hub.lan/k8s"}}}
    assert v2(**changes)["sandbox_image"] == "hub.lan/k8s/pause:3.10.1"
    images = v3(**changes)["io.containerd.cri.v1.images"]
    assert images["pinned_images"]["sandbox"] == "hub.lan/k8s/pause:3.10.1"


def test_the_cgroup_driver_follows_the_kubelets() -> None:
    kubelet = {"KubeletConfiguration": {"cgroupDriver": "cgroupfs"}}
    changed = spec(advanced={"kubeadm": kubelet})
    assert containerd.systemd_cgroup(spec())
    assert not containerd.systemd_cgroup(changed)
    work = runtime.STEPS[0].work(changed, changed.hosts[0], {})
    assert work.probe is not None
    assert work.probe.env["HAUI_SYSTEMD_CGROUP"] == "false"


def test_the_admins_settings_win_and_keep_the_rest() -> None:
    extra = {
        "containerd": {"runtimes": {"runc": {"options": {"SystemdCgroup": False}}}},
        "max_concurrent_downloads": 9,
        "sandbox_image": "hub.lan/pause:1",
    }
    table = v2(advanced={"containerd": extra})
    assert table["containerd"]["runtimes"]["runc"]["options"] == {"SystemdCgroup": False}
    assert table["containerd"]["runtimes"]["runc"]["runtime_type"] == "io.containerd.runc.v2"
    assert table["sandbox_image"] == "hub.lan/pause:1"
    plugins = v3(advanced={"containerd": extra})
    assert plugins["io.containerd.cri.v1.images"]["max_concurrent_downloads"] == 9
    assert plugins["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"] == "hub.lan/pause:1"
    assert "max_concurrent_downloads" not in plugins["io.containerd.cri.v1.runtime"]
    assert "sandbox_image" not in plugins["io.containerd.cri.v1.runtime"]


def test_both_generations_look_for_mirrors_in_the_same_folder() -> None:
    plugins = v3()
    assert v2()["registry"]["config_path"] == containerd.CERTS_D
    assert plugins["io.containerd.cri.v1.images"]["registry"]["config_path"] == containerd.CERTS_D
    assert plugins["io.containerd.transfer.v1.local"]["config_path"] == containerd.CERTS_D


@pytest.mark.parametrize(
    ("mirror", "url"),
    [
        ("https://hub.lan/k8s", "https://hub.lan/v2/k8s"),
        ("https://hub.lan/k8s/", "https://hub.lan/v2/k8s"),
        ("https://hub.lan:5000", "https://hub.lan:5000/v2"),
        ("http://hub.lan/v2/proxy/k8s", "http://hub.lan/v2/proxy/k8s"),
        ("https://hub.lan/v2x", "https://hub.lan/v2/v2x"),
    ],
)
def test_the_mirrors_url_holds_the_api_and_the_path(mirror: str, url: str) -> None:
    assert mirrors.Mirror(url=mirror).api == url


def test_nothing_falls_back_to_the_upstream_registry() -> None:
    read = tomllib.loads(containerd.hosts_toml(offline(), "registry.k8s.io", {}))
    assert read["server"] == "https://hub.lan/v2/k8s"
    assert read["override_path"] is True
    assert list(read["host"]) == ["https://hub.lan/v2/k8s"]
    assert read["host"]["https://hub.lan/v2/k8s"]["ca"] == mirrors.CA_PATH


def test_the_login_is_in_hosts_toml_alone_and_only_root_reads_it() -> None:
    password = "canary päss"
    files = containerd.files(offline(), {"registry_password": password})
    encoded = "cHVsbGVyOmNhbmFyeSBww6Rzcw=="
    holding = [file for file in files if encoded.encode() in file.content]
    assert [(file.path, file.mode) for file in holding] == [
        ("/etc/containerd/certs.d/registry.k8s.io/hosts.toml", 0o600),
        ("/etc/containerd/certs.d/docker.io/hosts.toml", 0o600),
    ]
    assert all(password.encode() not in file.content for file in files)


def test_a_preview_shows_that_a_login_is_put_in_later() -> None:
    read = tomllib.loads(containerd.hosts_toml(offline(), "docker.io", {}))
    assert read["header"]["Authorization"] == containerd.LOGIN_PLACEHOLDER


def test_without_a_login_hosts_toml_has_no_header_and_is_readable() -> None:
    open_mirror = spec(supply={"images": {"registries": {"docker.io": "http://hub.lan"}}})
    (file,) = [f for f in containerd.files(open_mirror, {}) if f.path.endswith("hosts.toml")]
    assert file.mode == 0o644
    assert b"header" not in file.content
    assert b"ca =" not in file.content


def test_the_authority_and_the_proxy_are_placed_when_given() -> None:
    paths = {file.path: file.content for file in containerd.files(offline(), {})}
    assert paths[mirrors.CA_PATH] == CA.encode()
    drop_in = paths["/etc/systemd/system/containerd.service.d/haui-proxy.conf"].decode()
    assert 'Environment="HTTPS_PROXY=http://proxy.lan:3128"' in drop_in
    for direct in ("10.30.0.11", "10.30.0.100", "10.244.0.0/16", "10.96.0.0/12", ".svc", ".lan"):
        assert f",{direct}" in drop_in
    assert not any("proxy" in file.path for file in containerd.files(spec(), {}))


@pytest.mark.parametrize(
    ("changes", "host", "names"),
    [
        ({}, "wk1", {"pause", "kube-proxy"}),
        ({"network": {"kube_proxy": "none"}}, "wk1", {"pause"}),
        (
            {"advanced": {"skip_phases": ["addon/coredns"]}},
            "cp1",
            {"pause", "kube-proxy", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
             "etcd"},
        ),
        (
            {"topology": {"kind": "external"}},
            "cp1",
            {"pause", "kube-proxy", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
             "coredns"},
        ),
    ],
)  # fmt: skip
def test_only_images_that_the_host_needs_are_pulled(
    changes: dict[str, Any], host: str, names: set[str]
) -> None:
    changed = spec(**changes)
    assert set(runtime.image_names(changed, changed.host(host))) == names
