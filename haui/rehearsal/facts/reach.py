"""What a healthy host tells in the steps preflight.listen, preflight.reach and preflight.clear."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec
from steps.checks import paths
from steps.checks.thresholds import PINGS, UDP_TRIES, VRRP_LISTEN_S
from steps.kubeadm import API_PORT

RESULTS = {paths.ROUTER: "silent", paths.VIRTUAL: "dropped"}
"""A router that waits for the other to speak, and an address that nobody has."""


def facts(step: str, spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as the script of that step prints them."""
    if step == "preflight.listen":
        yield from _listen(spec, host)
    elif step == "preflight.reach":
        yield from _reach(spec, host)
    elif step == "preflight.clear":
        yield "alive", "yes" if paths.served(spec, host) else "no"


def _listen(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    served = paths.served(spec, host)
    yield "listener", "python3" if served else "none"
    if not served:
        yield "why", "nobody needs a port of this host"
    for proto, port in served:
        yield "listen", f"{proto} {host.address} {port} listening"


def _reach(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    for path in paths.paths(spec, host):
        said = f"open haui {spec.name} {path.name} {path.port}"
        where = f"{path.name} {path.address} {path.port}"
        if path.proto == "tcp":
            yield "dial", f"{where} {said}"
        else:
            yield "udp", f"{where} {UDP_TRIES} {UDP_TRIES} {said}"
    for path in paths.outside(spec, host):
        result = f"{RESULTS.get(path.name, 'open')} -"
        if path.name == paths.ENDPOINT:
            result = f"open haui {spec.name} {spec.first_control_plane.name} {API_PORT}"
        yield "dial", f"{path.name} {path.address} {path.port} {result}"
    for peer in paths.latency_peers(spec, host):
        yield "ping", f"{peer.name} {peer.address} {PINGS} {PINGS} 0.412 1.207"
    for peer in paths.size_peers(spec, host):
        yield "size", f"{peer.name} {peer.address} 1500 passed 1500 eth0"
    if paths.listens_for_vrrp(spec, host):
        yield "vrrp.listened", f"eth0 {VRRP_LISTEN_S}"
