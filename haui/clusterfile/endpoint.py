"""Who brings clients to a living API server: that part of the cluster file's shape."""

from __future__ import annotations

from typing import Literal

from haui.clusterfile import types as t
from haui.clusterfile.model import Model, described


class BgpPeer(Model):
    """A router that the control planes announce the virtual address to."""

    address: t.Address = described(
        ..., "The router's address, as the control planes reach it.", "10.30.0.1"
    )
    asn: t.Asn = described(..., "The router's AS number.", 65001)
    multihop: t.Flag = described(
        False, "The router is more than one hop away from the control planes.", False
    )


class Bgp(Model):
    """How kube-vip announces the virtual address; sessions with a password are not supported."""

    asn: t.Asn = described(
        65000,
        "The control planes' own AS number. The same as a peer's means iBGP, another one eBGP.",
        65000,
    )
    peers: tuple[BgpPeer, ...] = described(
        (),
        "The routers, at least one. Each control plane opens a session to each of them.",
        [{"address": "10.30.0.1", "asn": 65001}],
    )
    router_interface: t.Interface | None = described(
        None,
        "The interface whose IPv4 address is a control plane's router id; by default its own "
        "address is. Needed where that is IPv6.",
        "ens3",
    )
    source_interface: t.Interface | None = described(
        None,
        "The interface whose address the sessions come from; by default what the route to the peer "
        "says.",
        "ens3",
    )


class Endpoint(Model):
    kind: Literal["kube-vip", "keepalived-haproxy", "keepalived-nginx", "external"] = described(
        ...,
        "Who brings the clients to a living API server. external: a balancer that exists already.",
        "keepalived-haproxy",
    )
    name: t.DnsName = described(
        ...,
        "The name under which all nodes and clients reach the API; haui keeps it in /etc/hosts "
        "of the nodes. It goes into the certificates, so choose it to last.",
        "api.atlas.lan",
    )
    vip: t.Address | None = described(
        None,
        "The virtual address: free, in the hosts' subnet (with mode bgp: anywhere that the routers "
        "may learn). Needed by every kind but external, where it may say the balancer's address.",
        "10.30.0.10",
    )
    port: t.Port = described(
        6443,
        "The port of the API at the endpoint. Balancers on the control-plane hosts need another "
        "one than 6443, which the API server itself holds; with kube-vip it is 6443, since that "
        "brings nothing but the address.",
        8443,
    )
    placement: Literal["control-plane", "load-balancer"] = described(
        "control-plane",
        "Which hosts carry keepalived and the proxy: the control planes, or hosts with the role "
        "load-balancer. With kind external, load-balancer sets up haproxy on those hosts, for a "
        "balancer that stands in front of them and holds the address.",
        "control-plane",
    )
    interface: t.Interface | None = described(
        None,
        "The interface that carries the virtual address; by default the one that holds the host's "
        "address (with mode bgp: lo). hosts[].interface says it for one host.",
        "ens3",
    )
    mode: Literal["arp", "bgp"] = described(
        "arp",
        "For kube-vip: who learns where the virtual address is. arp: the network segment, from the "
        "one control plane that leads. bgp: routers, from every control plane that is healthy.",
        "arp",
    )
    bgp: Bgp = described(Bgp(), "For mode bgp: the own AS number and the routers.")
    virtual_router_id: t.RouterId | None = described(
        None,
        "The VRRP router id, unique in the network segment; by default the last number of the "
        "virtual address.",
        10,
    )
