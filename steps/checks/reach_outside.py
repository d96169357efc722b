"""What is tried with machines that are not in the cluster file: balancers, routers, other speakers
of VRRP, and whoever holds an address that routers are to learn."""

from __future__ import annotations

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps import endpoint_kube_vip
from steps.checks.check import (
    Answer,
    Check,
    Look,
    answer,
    blocks,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.dialled import ON_THE_WAY, REACH, UNFINISHED, Dial, listened, reached, shown
from steps.checks.paths import ENDPOINT, ROUTER, VIRTUAL, has_balancer, listens_for_vrrp
from steps.checks.thresholds import ROUTER_IDS
from steps.endpoint import router_id
from steps.kubeadm import API_PORT
from steps.where import carriers, is_node


def _dials(look: Look, name: str) -> list[Dial]:
    """The dials to one kind of destination; several routers have the same name and port."""
    return [
        Dial(name, address, "tcp", int(port), result, "" if said == "-" else said)
        for kind, address, port, result, said in look.of(REACH).rows("dial", 5)
        if kind == name and port.isdecimal()
    ]


def _cannot(look: Look) -> Answer | None:
    facts = look.of(REACH)
    if not facts.complete:
        return skips(UNFINISHED)
    return skips("needs bash on the host") if "bash" in facts.all("needs") else None


def _balancer(look: Look) -> Answer:
    if (missing := _cannot(look)) is not None:
        return missing
    found = _dials(look, ENDPOINT)
    if not found:
        return skips("the balancer was not dialled")
    dial = found[0]
    where = f"{dial.address}:{dial.port}"
    expected = f"{where} brings connections to port {API_PORT} of a control plane, as they are"
    if dial.result in ON_THE_WAY:
        mend = words(f"Let the balancer and the firewalls accept {dial.port}/tcp from this host.")
        return blocks(f"{where}: {ON_THE_WAY[dial.result]}", mend, expected)
    if dial.result == "unresolved":
        return skips(f"{look.spec.endpoint.name} is not known on this host")
    if dial.answer:
        return _behind(look, dial, expected)
    if dial.result == "silent" and _listeners(look):
        return warns(
            f"{where} accepts the connection, and nothing comes through",
            words(
                "Let the balancer pass TCP through as it is, without TLS of its own, to port "
                f"{API_PORT} of all control planes."
            ),
            expected,
        )
    if dial.result in ("closed", "silent", "refused"):
        said = "refuses" if dial.result == "refused" else "accepts and closes"
        return tells(
            f"{where} {said} connections: as balancers do before an API server passes their "
            "health check; the way to it is open",
            words(
                f"Check that it leads to port {API_PORT} of all control planes, passes TLS "
                "through, and lets connections idle for an hour."
            ),
            expected,
        )
    return skips(f"{where} could not be dialled")


def _behind(look: Look, dial: Dial, expected: str) -> Answer:
    """Something has answered through the balancer."""
    for host in look.spec.control_planes:
        if reached(look.spec, dial.answer, host.name):
            return passes(f"leads to {host.name}", expected)
    return blocks(
        f"{dial.address}:{dial.port} leads to somebody else, who says {dial.answer[:60]!r}",
        words(f"Let the balancer lead to port {API_PORT} of the control planes, by plain TCP."),
        expected,
    )


def _listeners(look: Look) -> bool:
    """Whether haui listens on the API's port of every control plane."""
    row = ("tcp", str(API_PORT), "listening")
    return all(
        row in {(proto, port, said) for proto, _, port, said in facts.rows("listen", 4)}
        for facts in (listened(look, host.name) for host in look.spec.control_planes)
    )


def _routers(look: Look) -> Answer:
    if (missing := _cannot(look)) is not None:
        return missing
    found = _dials(look, ROUTER)
    if not found:
        return skips("no router was dialled")
    expected = "every router accepts BGP sessions, port 179/tcp"
    gone = [dial for dial in found if dial.result in ON_THE_WAY]
    if gone:
        seen = [f"{dial.address}: {ON_THE_WAY[dial.result]}" for dial in gone]
        mend = words("Let the routers and firewalls accept 179/tcp from the control planes.")
        return blocks(shown(seen), mend, expected)
    refused = [dial.address for dial in found if dial.result == "refused"]
    if refused:
        mend = words("Enter this host's address as a BGP neighbour there.")
        return warns(f"{shown(refused)}: refused, BGP is not on for this host", mend, expected)
    return passes(shown([f"{dial.address} accepts" for dial in found]), expected)


def _routed(look: Look) -> Answer:
    if (missing := _cannot(look)) is not None:
        return missing
    found = _dials(look, VIRTUAL)
    if not found:
        return skips("the virtual address was not dialled")
    vip = look.spec.endpoint.vip or ""
    holders = [name for name, facts in look.fleet.items() if _holds(facts, vip)]
    if holders:
        return passes(f"held by this cluster: {shown(holders)}")
    # Refused is an answer too: somebody is there.
    used = [dial for dial in found if dial.result in ("open", "silent", "closed", "refused")]
    if used:
        ports = ", ".join(str(dial.port) for dial in used)
        return blocks(
            f"{vip} answers on port {ports}",
            answer("Choose a virtual address that nobody uses.", "endpoint"),
            "nobody answers",
        )
    return passes("nobody answers", "nobody answers")


def _holds(facts: Facts, vip: str) -> bool:
    return any(address.partition("/")[0] == vip for _, address, _ in facts.rows("address", 3))


def _vrrp(look: Look) -> Answer:
    facts = look.of(REACH)
    if not facts.complete:
        return skips(UNFINISHED)
    heard = facts.rows("vrrp.listened", 2)
    if not heard:
        return skips(facts.one("vrrp.why") or "nobody listened for VRRP")
    wanted, vip = router_id(look.spec), look.spec.endpoint.vip or ""
    hosts = {host.address: host.name for host in look.spec.hosts}
    rows = [row for row in facts.rows("vrrp", 6) if row[0].isdecimal()]
    # Ours speak from a host's address, of our virtual address.
    foreign = [row for row in rows if row[1] not in hosts or vip not in row[5].split(",")]
    ids = sorted({int(row[0]) for row in rows})
    expected = f"nobody else speaks VRRP with router id {wanted}, or of {vip}"
    seen = [
        f"{hosts.get(source, source)} speaks with id {number} of {held}"
        for number, source, _, _, _, held in foreign
        if int(number) == wanted or vip in held.split(",")
    ]
    if any(vip in row[5].split(",") for row in foreign):
        mend = answer(
            "Choose a virtual address that nobody uses, or switch that one off.", "endpoint"
        )
        return blocks(shown(seen), mend, expected)
    if seen:
        free = free_id(wanted, ids)
        return blocks(
            shown(seen), answer(f"Set endpoint.virtual_router_id to {free}.", "endpoint"), expected
        )
    others = f"; in use: {', '.join(map(str, ids))}" if ids else ""
    interface, seconds = heard[0]
    return passes(f"nobody else with id {wanted} on {interface} in {seconds} s{others}", expected)


def free_id(wanted: int, used: list[int]) -> int:
    """The next router id after `wanted` that nobody was heard with; `wanted` when all are used."""
    after = (number % ROUTER_IDS + 1 for number in range(wanted, wanted + ROUTER_IDS))
    return next((number for number in after if number not in used), wanted)


def _announces(spec: ClusterSpec, host: HostSpec) -> bool:
    return endpoint_kube_vip.is_bgp(spec) and host in carriers(spec)


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.balancer",
        title="Load balancer of the API",
        area="fleet",
        why="Every node joins through the balancer; one that does not let it pass stops the first "
        "control plane after minutes of waiting.",
        look=_balancer,
        on=lambda spec, host: has_balancer(spec) and is_node(spec, host),
        step=REACH,
        page="endpoint",
    ),
    Check(
        id="fleet.vrrp",
        title="Other virtual routers",
        area="fleet",
        why="Two virtual routers with one id take the address from each other, again and again.",
        look=_vrrp,
        on=listens_for_vrrp,
        step=REACH,
        page="endpoint",
    ),
    Check(
        id="fleet.bgp",
        title="BGP routers",
        area="fleet",
        why="Without a session to a router nobody learns where the virtual address is.",
        look=_routers,
        on=_announces,
        step=REACH,
        page="endpoint",
    ),
    Check(
        id="fleet.routed-address",
        title="Routed virtual address is free",
        area="fleet",
        why="Two machines with one address: the API would answer some of the time.",
        look=_routed,
        on=_announces,
        step=REACH,
        page="endpoint",
    ),
)
