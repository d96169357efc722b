"""What the hosts' firewalls let in: what steps.ports says, from the hosts that need it.

Nothing is done where neither firewalld nor ufw is active, and neither is ever switched off. What
haui has opened bears a mark, so that it is taken away when nobody needs it any more; the apply
script without any rule takes away all of it. docs/decisions/0013 says why it is done so.
"""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps.ports import Opening, is_routed, openings, pod_networks, span
from steps.where import is_node

ANYONE = "any"
MOST_PORTS = 15
"""What ufw takes in one rule; a range counts twice."""

Rule = tuple[str, ...]
"""The words of one line of `rules`, see steps/scripts/firewall_lib.sh."""


def rules(spec: ClusterSpec, host: HostSpec) -> tuple[Rule, ...]:
    """What the firewall of `host` must let in, in the order of the cluster file."""
    return (*_opened(spec, host), *_pods(spec, host))


def _opened(spec: ClusterSpec, host: HostSpec) -> Iterator[Rule]:
    sources: dict[tuple[str, str], dict[tuple[int, int], None]] = {}
    found = openings(spec, host)
    free = {(o.proto, o.first, o.last) for o in found if o.anyone}
    for opening in found:
        key = (opening.first, opening.last)
        if opening.anyone:
            sources.setdefault((ANYONE, opening.proto), {})[key] = None
        elif (opening.proto, *key) not in free:
            for address in let_in(spec, host, opening):
                sources.setdefault((address, opening.proto), {})[key] = None
    for (address, proto), ports in sources.items():
        if proto == "vrrp":
            yield "open", address, proto, "-"
            continue
        texts = [span(*some) for some in sorted(ports)]
        most = MOST_PORTS // 2
        for at in range(0, len(texts), most):
            yield "open", address, proto, ",".join(texts[at : at + most])


def let_in(spec: ClusterSpec, host: HostSpec, opening: Opening) -> tuple[str, ...]:
    """The addresses of the other hosts that `opening` of `host` is for."""
    return tuple(
        other.address
        for other in spec.hosts
        if other.name in opening.hosts and other.name != host.name
    )


def _pods(spec: ClusterSpec, host: HostSpec) -> Iterator[Rule]:
    for network in pod_networks(spec, host):
        yield "trust", network
    if not is_node(spec, host):
        return
    # Clients of Services end at pods, wherever they come from.
    yield "forward", ANYONE, spec.network.pods
    if is_routed(spec):
        for node in spec.nodes:
            if node.name != host.name:
                yield "forward", node.address, spec.network.pods


def opens(spec: ClusterSpec) -> bool:
    """Whether haui tells firewalls what to let in."""
    return spec.system.firewall == "open"


def _on(spec: ClusterSpec, host: HostSpec) -> bool:
    return opens(spec)


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_INTERFACE": host.interface or spec.endpoint.interface or ""}
    text = "".join(f"{' '.join(rule)}\n" for rule in rules(spec, host))
    inputs = {"rules": text.encode()}
    return Work(
        probe=Call(script="system_firewall_probe", env=env, inputs=inputs),
        apply=Call(script="system_firewall_apply", env=env, inputs=inputs),
    )


FIREWALL = Step(
    id="system.firewall",
    title="Open the firewall for the cluster",
    phase="system",
    on=_on,
    work=_work,
    timeout_s=900,
    explain="Where firewalld or ufw is active, it lets in what this host's roles need, and only "
    "from the hosts that need it; the API endpoint and NodePorts are for everybody. Neither is "
    "ever switched off, rules of others stay.",
)

STEPS: tuple[Step, ...] = (FIREWALL,)
