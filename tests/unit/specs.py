"""Cluster specs for the tests of the catalogue: one for each shape, and small changes of them."""

from __future__ import annotations

from typing import Any

from haui.spec import ClusterSpec

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
CA = "-----BEGIN CERTIFICATE-----\nabcd\n-----END CERTIFICATE-----\n"


def _host(name: str, last: int, *roles: str) -> dict[str, Any]:
    return {"name": name, "address": f"10.30.0.{last}", "roles": list(roles)}


PLANES = [_host(f"cp{n}", 10 + n, "control-plane") for n in (1, 2, 3)]
WORKERS = [_host(f"wk{n}", 20 + n, "worker") for n in (1, 2)]
BALANCERS = [_host(f"lb{n}", 30 + n, "load-balancer") for n in (1, 2)]
BGP = {
    "asn": 65000,
    "peers": [
        {"address": "10.30.0.1", "asn": 65001},
        {"address": "10.30.0.2", "asn": 65002, "multihop": True},
    ],
}
ETCD = [_host(f"etcd{n}", 40 + n, "etcd") for n in (1, 2, 3)]


def spec(**changes: Any) -> ClusterSpec:
    """Three control planes with keepalived and haproxy, two workers; `changes` replace keys."""
    data: dict[str, Any] = {
        "name": "atlas",
        "profile": "test",
        "kubernetes": {"version": "1.34.2"},
        "endpoint": {
            "kind": "keepalived-haproxy",
            "name": "api.atlas.lan",
            "vip": "10.30.0.100",
            "port": 8443,
        },
        "hosts": PLANES + WORKERS,
    }
    return ClusterSpec.model_validate(data | changes)


def offline() -> ClusterSpec:
    """Old Kubernetes, mirrors with a login, a proxy, settings of the admin's own."""
    return spec(
        kubernetes={"version": "1.20.2"},
        supply={
            "packages": {"mirror": "http://mirror.lan/haui/", "key": "m.asc", "key_text": KEY},
            "images": {
                "registries": {
                    "registry.k8s.io": "https://hub.lan/k8s",
                    "docker.io": "https://hub.lan:5000",
                },
                "ca": "ca.pem",
                "ca_pem": CA,
                "username": "puller",
            },
            "proxy": {
                "http": "http://proxy.lan:3128",
                "https": "http://proxy.lan:3128",
                "no_proxy": [".lan"],
            },
        },
        advanced={
            "containerd": {
                "disable_apparmor": True,
                "registry": {"config_path": "/etc/containerd/certs.d"},
                "max_concurrent_downloads": 2,
            },
            "skip_phases": ["addon/coredns"],
            "ignore_preflight_errors": ["NumCPU"],
        },
    )


def with_registry(**changes: Any) -> ClusterSpec:
    """Two registries of haui's own, which are no nodes."""
    registries = [_host(f"rg{n}", 50 + n, "registry") for n in (1, 2)]
    given = {"registry": {"archive": "/srv/images.tar"}, "hosts": PLANES + WORKERS + registries}
    return spec(**(given | changes))


def shapes() -> dict[str, ClusterSpec]:
    """Every shape that the cluster file can say, also those of later versions."""
    vip = {"name": "api.atlas.lan", "vip": "10.30.0.100", "port": 6443}
    return {
        "stacked": spec(),
        "offline": offline(),
        "single": spec(
            topology={"kind": "single"},
            endpoint={"kind": "external", "name": "api.atlas.lan"},
            hosts=[_host("cp1", 11, "control-plane", "worker")],
        ),
        "dedicated-lb": spec(
            endpoint={**vip, "kind": "keepalived-haproxy", "placement": "load-balancer"},
            hosts=PLANES + WORKERS + BALANCERS,
        ),
        "external-etcd": spec(topology={"kind": "external"}, hosts=PLANES + WORKERS + ETCD),
        "kube-vip": spec(endpoint={**vip, "kind": "kube-vip"}),
        "kube-vip-1.28": spec(
            endpoint={**vip, "kind": "kube-vip", "interface": "ens3"},
            kubernetes={"version": "1.28.15"},
        ),
        "kube-vip-bgp": spec(
            endpoint={**vip, "kind": "kube-vip", "mode": "bgp", "vip": "192.0.2.10", "bgp": BGP},
            kubernetes={"version": "1.36.4"},
        ),
        "nginx": spec(endpoint={**vip, "kind": "keepalived-nginx", "port": 8443}),
        "nginx-dedicated": spec(
            endpoint={**vip, "kind": "keepalived-nginx", "placement": "load-balancer"},
            hosts=PLANES + WORKERS + BALANCERS,
        ),
        "external-balancer": spec(endpoint={**vip, "kind": "external", "vip": None}),
        "sites": spec(
            endpoint={**vip, "kind": "external", "vip": None, "placement": "load-balancer"},
            hosts=[
                {**host, "site": site}
                for host, site in zip(
                    BALANCERS + PLANES + WORKERS, ["north", "south"] * 4, strict=False
                )
            ],
        ),
        "ipvs": spec(network={"kube_proxy": "ipvs", "cni": {"kind": "bridge"}}),
        "no-kube-proxy": spec(network={"kube_proxy": "none"}, kubernetes={"version": "1.36.4"}),
        "ipv6": spec(
            endpoint={
                "kind": "keepalived-haproxy",
                "name": "api.x",
                "vip": "fd00::64",
                "port": 8443,
            },
            network={"pods": "fd00:1::/56", "services": "fd00:2::/112"},
            hosts=[
                {"name": f"cp{n}", "address": f"fd00::{n}", "roles": ["control-plane", "worker"]}
                for n in (1, 2, 3)
            ],
        ),
    }
