"""What is asked for: images and their places, packages, names, proxies."""

from __future__ import annotations

from typing import Any

import pytest

from haui.spec import ClusterSpec
from steps import osfamily, preflight_images, preflight_plan, proxy
from steps.mirrors import DOCKER_HUB
from tests.unit.specs import offline, shapes, spec


def references(cluster: ClusterSpec, host: str = "cp1") -> list[str]:
    return [image.reference for image in preflight_images.images(cluster, cluster.host(host))]


def of(version: str, **changes: Any) -> ClusterSpec:
    return spec(kubernetes={"version": version}, **changes)


def test_a_control_plane() -> None:
    assert references(spec()) == [
        "registry.k8s.io/pause:3.10.1",
        "registry.k8s.io/kube-proxy:v1.34.2",
        "registry.k8s.io/kube-apiserver:v1.34.2",
        "registry.k8s.io/kube-controller-manager:v1.34.2",
        "registry.k8s.io/kube-scheduler:v1.34.2",
        "registry.k8s.io/etcd:3.6.5-0",
        "registry.k8s.io/coredns/coredns:v1.12.1",
        "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3",
        "ghcr.io/flannel-io/flannel:v0.28.9",
        "registry.k8s.io/e2e-test-images/agnhost:2.47",
    ]


def test_other_hosts() -> None:
    etcd = shapes()["external-etcd"]
    assert references(etcd, "etcd1") == ["registry.k8s.io/etcd:3.6.5-0"]
    assert not any("/etcd:" in reference for reference in references(etcd))
    assert references(shapes()["dedicated-lb"], "lb1") == []
    assert not any("apiserver" in reference for reference in references(spec(), "wk1"))
    assert "ghcr.io/kube-vip/kube-vip:v1.2.3" in references(shapes()["kube-vip"])
    assert "ghcr.io/kube-vip/kube-vip:v1.2.3" not in references(shapes()["kube-vip"], "wk1")
    assert not any("coredns" in reference for reference in references(offline()))


def test_a_repository_of_ones_own_is_flat() -> None:
    own = references(spec(supply={"images": {"repository": "hub.lan/k8s"}}))
    assert {"hub.lan/k8s/coredns:v1.12.1", "hub.lan/k8s/etcd:3.6.5-0"} < set(own)
    assert {"hub.lan/k8s/pause:3.10.1", "hub.lan/k8s/kube-apiserver:v1.34.2"} < set(own)


def test_the_admins_own_settings_win() -> None:
    settings = {
        "imageRepository": "other.lan",
        "etcd": {"local": {"imageTag": "3.5.99-0"}},
        "dns": {"imageRepository": "dns.lan/x", "imageTag": "v9"},
    }
    own = references(spec(advanced={"kubeadm": {"ClusterConfiguration": settings}}))
    assert {
        "other.lan/etcd:3.5.99-0",
        "dns.lan/x/coredns:v9",
        "other.lan/kube-proxy:v1.34.2",
    } < set(own)


def test_an_own_manifest_names_its_images() -> None:
    manifest = (
        "kind: DaemonSet\nspec: {containers: [{image: 'quay.io/x/y:1'}, {image: 'q.io/z:2'}]}\n"
    )
    cni = {"kind": "none", "manifest": "cni.yaml", "manifest_text": manifest}
    assert {"quay.io/x/y:1", "q.io/z:2"} < set(references(spec(network={"cni": cni})))
    cni["manifest_text"] = "{{ not yaml"
    assert references(spec(network={"cni": cni}))


@pytest.mark.parametrize(
    ("version", "etcd", "dns"),
    [
        ("1.20.2", "etcd:3.4.13-0", "coredns:1.7.0"),
        ("1.24.0", "", ""),
        ("1.28.5", "etcd:3.5.9-0", "coredns/coredns:v1.10.1"),
        ("1.28.6", "etcd:3.5.10-0", "coredns/coredns:v1.10.1"),
        ("1.30.4", "etcd:3.5.12-0", "coredns/coredns:v1.11.1"),
        ("1.30.5", "etcd:3.5.15-0", "coredns/coredns:v1.11.3"),
        ("1.34.1", "etcd:3.6.4-0", "coredns/coredns:v1.12.1"),
        ("1.26.15", "", "coredns/coredns:v1.9.3"),
        ("1.36.4", "etcd:3.6.8-0", "coredns/coredns:v1.14.2"),
    ],
)
def test_what_only_kubeadm_knows(version: str, etcd: str, dns: str) -> None:
    found = references(of(version))
    for name, wanted in (("etcd", etcd), ("coredns", dns)):
        expected = [f"registry.k8s.io/{wanted}"] if wanted else []
        assert [r for r in found if f"/{name}:" in r] == expected
    missing = {name for name, tag in (("etcd", etcd), ("coredns", dns)) if not tag}
    cluster = of(version)
    assert set(preflight_images.unknown(cluster, cluster.host("cp1"))) == missing
    assert preflight_images.unknown(cluster, cluster.host("wk1")) == ()


def test_what_is_sure_and_what_is_not() -> None:
    cluster = spec()
    by = {image.reference: image for image in preflight_images.images(cluster, cluster.host("cp1"))}
    assert not by["registry.k8s.io/etcd:3.6.5-0"].certain
    assert by["registry.k8s.io/kube-apiserver:v1.34.2"].certain
    assert [reference for reference, image in by.items() if image.optional] == [
        "registry.k8s.io/e2e-test-images/agnhost:2.47"
    ]


MIRRORS = {
    "registry.k8s.io": "https://hub.lan/k8s",
    "ghcr.io": "http://hub.lan:5000",
    "docker.io": "https://hub.lan/v2/proxy",
    "quay.io": "https://[fd00::1]:8443/q/",
}
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("reference", "origin", "url"),
    [
        ("registry.k8s.io/a/b:1", "https://hub.lan", "/v2/k8s/a/b/manifests/1?ns=registry.k8s.io"),
        ("ghcr.io/x/y:v1", "http://hub.lan:5000", "/v2/x/y/manifests/v1?ns=ghcr.io"),
        (
            "busybox:1.36",
            "https://hub.lan",
            "/v2/proxy/library/busybox/manifests/1.36?ns=docker.io",
        ),
        ("me/app:2", "https://hub.lan", "/v2/proxy/me/app/manifests/2?ns=docker.io"),
        ("quay.io/a:1", "https://[fd00::1]:8443", "/v2/q/a/manifests/1?ns=quay.io"),
        ("hub.lan:5000/a:1", "https://hub.lan:5000", "/v2/a/manifests/1"),
        (f"reg.lan/a/b:1@{DIGEST}", "https://reg.lan", f"/v2/a/b/manifests/{DIGEST}"),
        (f"reg.lan/a@{DIGEST}", "https://reg.lan", f"/v2/a/manifests/{DIGEST}"),
        ("localhost/a:1", "https://localhost", "/v2/a/manifests/1"),
    ],
)
def test_where_an_image_is_asked_for(reference: str, origin: str, url: str) -> None:
    place = preflight_images.place(spec(supply={"images": {"registries": MIRRORS}}), reference)
    assert (place.registry.origin, place.url) == (origin, f"{origin}{url}")
    assert place.method == "GET"


def test_pulls_of_docker_hub_are_not_spent() -> None:
    place = preflight_images.place(spec(), "busybox:1.36")
    assert place.url == f"{DOCKER_HUB}/v2/library/busybox/manifests/1.36"
    assert place.method == "HEAD"
    assert not place.registry.own


def test_the_plan_of_an_offline_cluster() -> None:
    cluster = offline()
    lines = preflight_plan.plan(cluster, cluster.host("wk1")).splitlines()
    assert "registry https://hub.lan https://hub.lan/v2/ own - login" in lines
    assert "registry https://ghcr.io https://ghcr.io/v2/ system http://proxy.lan:3128 -" in lines
    assert [line for line in lines if line.startswith(("name", "proxy"))] == [
        "name mirror.lan",
        "name hub.lan",
        "proxy http://proxy.lan:3128",
        "name proxy.lan",
    ]
    assert len(lines) == len(set(lines))
    assert preflight_plan.plan(shapes()["dedicated-lb"], shapes()["dedicated-lb"].host("lb1")) == ""


@pytest.mark.parametrize(
    ("name", "host", "some", "none"),
    [
        ("stacked", "cp1", {"containerd", "keepalived", "haproxy", "kubernetes-cni"}, {"nginx"}),
        ("stacked", "wk1", {"containerd", "conntrack"}, {"keepalived", "haproxy"}),
        ("nginx", "cp1", {"nginx", "libnginx-mod-stream", "keepalived"}, {"haproxy"}),
        ("dedicated-lb", "lb1", {"keepalived", "haproxy", "curl"}, {"containerd", "cri-tools"}),
        ("external-etcd", "etcd1", {"containerd"}, {"cri-tools", "keepalived"}),
        ("ipvs", "wk1", {"ipset", "ipvsadm"}, set()),
        ("kube-vip", "cp1", {"containerd"}, {"keepalived"}),
    ],
)
def test_packages_of_a_host(name: str, host: str, some: set[str], none: set[str]) -> None:
    cluster = shapes()[name]
    needed = set(preflight_plan.needed(cluster, cluster.host(host), osfamily.DEBIAN))
    assert some <= needed
    assert not none & needed


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("https://registry.k8s.io", "http://p.lan:1"),
        ("http://mirror.com", None),
        ("https://hub.corp", None),
        ("https://10.244.7.1", None),
        ("https://10.9.8.7:5000", "http://p.lan:1"),
        ("https://10.30.0.11", None),
        ("https://192.168.3.4", None),
    ],
)
def test_the_way_to_a_url(url: str, way: str | None) -> None:
    given = {"https": "http://p.lan:1", "no_proxy": [".corp", "192.168.0.0/16"]}
    assert proxy.way(spec(supply={"proxy": given}), url) == way
    assert proxy.way(spec(), url) is None
