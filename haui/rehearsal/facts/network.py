"""What a healthy host tells of itself: network."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

from haui.spec import ClusterSpec, HostSpec
from steps.checks.network import is_announced
from steps.checks.sources import lookup_name

NAME_SERVER = "192.0.2.53"


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_network of steps/scripts prints them."""
    device = host.interface or spec.endpoint.interface or "eth0"
    address = ip_address(host.address)
    own = ip_interface(f"{address}/{24 if address.version == 4 else 64}")
    taken = {h.address for h in spec.hosts} | {spec.endpoint.vip}
    gateway = next(str(a) for a in own.network.hosts() if str(a) not in taken)
    mac = "52:54:00:" + ":".join(f"{byte:02x}" for byte in address.packed[-3:])
    yield "link", "lo UNKNOWN 65536 - loopback"
    yield "link", f"{device} UP 1500 {mac} -"
    yield "link.speed", f"{device} 10000 full"
    yield "address", "lo 127.0.0.1/8 static,scope-host"
    yield "address", f"{device} {own} static"
    route = "route4" if address.version == 4 else "route6"
    yield route, f"default via {gateway} dev {device} proto static"
    yield route, f"{own.network} dev {device} proto kernel scope link src {address}"
    yield route, f"local {address} dev {device} table local proto kernel scope host src {address}"
    if is_announced(spec, host):
        yield "vip.route", f"{spec.endpoint.vip} dev {device} src {address} uid 0"
        yield "vip.holder", "none"
    yield "resolver", "file /etc/resolv.conf"
    yield "resolver", f"nameserver {NAME_SERVER}"
    yield "dns.server", f"{NAME_SERVER} answers"
    if name := lookup_name(spec):
        yield "dns.lookup", f"{name} found 0.012"
    yield "own.name", host.address
    yield "fqdn", host.name
    yield "nsswitch", "files dns"
    yield "firewall.asked", "yes"
