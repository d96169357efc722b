"""What the admin's own balancer has to do: the page to hand to whoever runs it.

haui changes nothing there. The facts are kube-apiserver's: it speaks TLS with client certificates
and HTTP/2 on one port, keeps watches open for long, and says at /readyz whether it may get traffic.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from haui.documents.markdown import code, fence, table
from haui.errors import UsageError
from haui.spec import ClusterSpec
from steps.checks.paths import has_balancer
from steps.kubeadm import API_PORT, url_host

IDLE_MINUTES = 35
"""How long a connection may be silent. Watches of a quiet cluster say nothing for many minutes;
the client's own limit is below an hour, so a balancer that waits less cuts living connections."""

_RULES = (
    ("Layer", "TCP, passed through as it is"),
    ("TLS", "not ended, not inspected: clients prove who they are by certificates"),
    ("PROXY protocol", "off; kube-apiserver doesn't speak it"),
    ("Choice of server", "least connections, or round robin; no stickiness"),
    ("Health check", "HTTPS GET /readyz, certificate not verified; 200 or 401 is healthy"),
    ("Its rhythm", "every 3 s; out after 3 failures, in again after 2 successes"),
    ("When a server is out", "close its connections, so that clients come again to another one"),
    ("Idle timeout", f"{IDLE_MINUTES} minutes or more, for clients and servers"),
    ("Connect timeout", "5 s"),
)


def balancer_blocks(spec: ClusterSpec) -> tuple[str, ...]:
    """The page in Markdown blocks; empty when the cluster has no balancer of the admin's own."""
    return tuple(_blocks(spec)) if has_balancer(spec) else ()


def write_balancer(spec: ClusterSpec, out: Path) -> int:
    """`BALANCER.md` into the folder of a rendered plan, where there is anything to say.

    The number of files, for the sum. Raises UsageError when it can't be written.
    """
    blocks = balancer_blocks(spec)
    if not blocks:
        return 0
    path = out / "BALANCER.md"
    try:
        path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written", why=str(error)) from error
    return 1


def _blocks(spec: ClusterSpec) -> Iterator[str]:
    endpoint = spec.endpoint
    front = f"{endpoint.name}:{endpoint.port}"
    at = f" ({code(endpoint.vip)})" if endpoint.vip else ", at the address that DNS gives for it"
    sites = bool(spec.balancers)
    hosts = spec.balancers or spec.control_planes
    port = endpoint.port if sites else API_PORT
    yield "## Your balancer"
    yield (
        f"Clients and nodes reach the API at {code(front)}{at}. The balancer that answers there is "
        "yours: haui configures nothing on it. It has to be set up before the first control plane "
        "is; until then its servers are down, which is no trouble."
    )
    yield table(
        ("server", "address and port", *(("site",) if sites else ())),
        [
            (host.name, f"{url_host(host.address)}:{port}", *((host.site or "",) if sites else ()))
            for host in hosts
        ],
    )
    if sites:
        yield (
            "These are the haproxy hosts of the sites. Each brings a connection to an API server "
            "of its own site, and to those of the others only when none there is ready. Its answer "
            "to the health check is that of such a server."
        )
    yield table(("setting", "value"), _RULES)
    yield (
        "A balancer that can only check by connecting sends clients to servers that are starting "
        "or stopping: expect failed requests for half a minute whenever a control plane restarts."
    )
    yield (
        "Control planes are clients too, and may be sent back to themselves. Where the balancer "
        "keeps the client's address (no source NAT, direct return), such a connection is lost: "
        "turn source NAT on, or keep those hosts' own address out of the balancing."
    )
    yield (
        "Who connects: every node of the cluster, and the admins. Before the install a connection "
        "may be refused or reset; one that is never answered means that a firewall drops it. "
        "`haui preflight` tries it from every node. After the install:"
    )
    host, url = endpoint.name, f"https://{front}/readyz"
    yield fence(
        f"curl -k {url}   # ok\n"
        f"openssl s_client -connect {front} -servername {host} </dev/null 2>/dev/null |\n"
        "    openssl x509 -noout -issuer   # CN = kubernetes: the API server's own certificate\n",
        "sh",
    )
