"""What is tried between hosts before the first change: rehearsals that leave no trace.

Every host listens for a moment on the ports that the install will use, then each host dials those
that it will have to reach (`steps.checks.paths` says which, and keeps it in bounds); in the end the
listeners are taken down. They go by themselves when haui's connection has ended, however it did.
"""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Values, Work
from steps.checks import paths
from steps.checks.thresholds import (
    LISTENER_GRACE_S,
    LISTENER_S,
    PINGS,
    UDP_TRIES,
    VRRP_LISTEN_S,
)
from steps.preflight_step import look


def _tries(spec: ClusterSpec, host: HostSpec) -> bool:
    return spec.preflight.rehearsals and len(spec.hosts) > 1


def _listen(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    ports = " ".join(f"{proto}/{port}" for proto, port in paths.served(spec, host))
    env = {
        "HAUI_CLUSTER": spec.name,
        "HAUI_LISTEN": ports,
        "HAUI_LISTEN_S": str(LISTENER_S),
        "HAUI_GRACE_S": str(LISTENER_GRACE_S),
    }
    return Work(probe=Call(script="preflight_listen_probe", env=env))


def plan(spec: ClusterSpec, host: HostSpec) -> bytes:
    """What the host tries, a line each: tcp, udp, ping or size, then name, address and port."""
    dials = (*paths.paths(spec, host), *paths.outside(spec, host))
    lines = [f"{path.proto} {path.name} {path.address} {path.port}" for path in dials]
    lines += [f"ping {peer.name} {peer.address}" for peer in paths.latency_peers(spec, host)]
    lines += [f"size {peer.name} {peer.address}" for peer in paths.size_peers(spec, host)]
    return "".join(f"{line}\n" for line in lines).encode()


def _reach(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        "HAUI_CLUSTER": spec.name,
        "HAUI_INTERFACE": host.interface or spec.endpoint.interface or "",
        "HAUI_PINGS": str(PINGS),
        "HAUI_UDP_TRIES": str(UDP_TRIES),
        "HAUI_VRRP_S": str(VRRP_LISTEN_S) if paths.listens_for_vrrp(spec, host) else "",
    }
    inputs = {"plan": plan(spec, host)}
    return Work(probe=Call(script="preflight_reach_probe", env=env, inputs=inputs))


def _clear(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="preflight_clear_probe", env={"HAUI_CLUSTER": spec.name}))


STEPS = (
    look(
        "listen",
        "Listen for a moment",
        "Listens on the ports that the install will use, so that the other hosts can try "
        "to reach them. Should haui be killed, the listeners end by themselves soon after.",
        on=_tries,
        work=_listen,
        after=("preflight.fleet",),
        once=True,
    ),
    look(
        "reach",
        "Reach the other hosts",
        "Finds a firewall, a wrong MTU, a slow link, another virtual router or a balancer "
        "that brings nobody, by trying what the cluster will do.",
        on=_tries,
        work=_reach,
        after=("preflight.listen",),
        once=True,
        timeout_s=120,
    ),
    look(
        "clear",
        "Take the listeners down",
        "Ends what the rehearsal has started, and looks whether anything is left.",
        on=_tries,
        work=_clear,
        after=("preflight.reach",),
        once=True,
    ),
)
