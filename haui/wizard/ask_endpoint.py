"""What is asked on the API endpoint page."""

from __future__ import annotations

from typing import Any

from haui.wizard.answers import Answers, value_at
from haui.wizard.ask_topology import topology_of
from haui.wizard.question import Choice, Question

KEEPALIVED = ("keepalived-haproxy", "keepalived-nginx")
API_PORT, FRONT_PORT = 6443, 8443


def endpoint_of(answers: Answers) -> Any:
    """The kind of endpoint that was chosen, or is taken."""
    said = value_at(answers, ("endpoint", "kind"))
    return said or ("external" if topology_of(answers) == "single" else "keepalived-haproxy")


def placement_of(answers: Answers) -> Any:
    """Which hosts carry the balancers."""
    return value_at(answers, ("endpoint", "placement")) or "control-plane"


def _keepalived(answers: Answers) -> bool:
    return endpoint_of(answers) in KEEPALIVED


def _kube_vip(answers: Answers) -> bool:
    return bool(endpoint_of(answers) == "kube-vip")


def _bgp(answers: Answers) -> bool:
    return _kube_vip(answers) and value_at(answers, ("endpoint", "mode")) == "bgp"


def _not_external(answers: Answers) -> bool:
    return bool(endpoint_of(answers) != "external")


def _own_balancer(answers: Answers) -> bool:
    return bool(endpoint_of(answers) == "external" and topology_of(answers) != "single")


def _front_port(answers: Answers) -> int:
    return (
        FRONT_PORT
        if _keepalived(answers) and placement_of(answers) == "control-plane"
        else API_PORT
    )


ENDPOINT = (
    Question(
        loc=("endpoint", "kind"),
        page="endpoint",
        label="Endpoint",
        kind="choice",
        default=endpoint_of,
        choices=(
            Choice(
                value="keepalived-haproxy",
                label="keepalived + haproxy",
                note="A virtual address that moves, a proxy that checks every API server over TLS.",
                recommended=True,
            ),
            Choice(
                value="keepalived-nginx",
                label="keepalived + nginx",
                note="The same with nginx, for those who run nginx anyway.",
            ),
            Choice(
                value="kube-vip",
                label="kube-vip",
                note="A static pod on each control plane holds the virtual address; no proxy.",
            ),
            Choice(
                value="external",
                label="Existing balancer",
                note="Your hardware or cloud balancer. haui says what it needs, changes nothing.",
            ),
        ),
    ),
    Question(
        loc=("endpoint", "mode"),
        page="endpoint",
        label="Announced by",
        kind="choice",
        shown=_kube_vip,
        choices=(
            Choice(
                value="arp",
                label="ARP",
                note="All control planes in one network segment. Nothing to set up elsewhere.",
                recommended=True,
            ),
            Choice(
                value="bgp",
                label="BGP",
                note="Routers learn the address; control planes may be in several segments.",
            ),
        ),
    ),
    Question(
        loc=("endpoint", "placement"),
        page="endpoint",
        label="Balancers on",
        kind="choice",
        shown=_keepalived,
        choices=(
            Choice(
                value="control-plane",
                label="The control planes",
                note="No more hosts; the API is reached on another port than 6443.",
                recommended=True,
            ),
            Choice(
                value="load-balancer",
                label="Hosts of their own",
                note="API traffic stays away from the control planes; port 6443 is free.",
                takes="2 more hosts",
            ),
        ),
    ),
    Question(
        loc=("endpoint", "placement"),
        page="endpoint",
        label="Behind it",
        kind="choice",
        shown=_own_balancer,
        choices=(
            Choice(
                value="control-plane",
                label="The control planes",
                note="Your balancer checks the API servers itself.",
                recommended=True,
            ),
            Choice(
                value="load-balancer",
                label="haproxy on hosts of their own",
                note="For several sites: your balancer chooses a site, haproxy there a server.",
                takes="2 more hosts",
            ),
        ),
    ),
    Question(
        loc=("endpoint", "name"),
        page="endpoint",
        group="Address",
        label="Name",
        kind="text",
        locked="it is in every certificate and kubeconfig",
    ),
    Question(
        loc=("endpoint", "vip"), page="endpoint", group="Address", label="Address", kind="text"
    ),
    Question(
        loc=("endpoint", "port"),
        page="endpoint",
        group="Address",
        label="Port",
        kind="number",
        default=_front_port,
    ),
    Question(
        loc=("endpoint", "interface"),
        page="endpoint",
        group="Address",
        label="Interface",
        kind="text",
        shown=_not_external,
    ),
    Question(
        loc=("endpoint", "bgp", "asn"),
        page="endpoint",
        group="BGP",
        label="Our AS number",
        kind="number",
        shown=_bgp,
    ),
    Question(
        loc=("endpoint", "bgp", "peers"),
        page="endpoint",
        group="BGP",
        label="Routers",
        kind="list",
        item=("address", "asn"),
        shown=_bgp,
    ),
    Question(
        loc=("endpoint", "virtual_router_id"),
        page="endpoint",
        group="Address",
        label="VRRP router id",
        kind="number",
        shown=_keepalived,
        more=True,
    ),
)
