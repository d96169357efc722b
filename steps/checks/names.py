"""How a host finds names: its own, those of /etc/hosts, and DNS."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from steps import kubeadm
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    blocks,
    by_haui,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.fleet_view import address_of
from steps.checks.own_address import addresses
from steps.checks.sources import is_local, lookup_name
from steps.checks.thresholds import (
    LOOKUP_S,
    NAME_SERVERS,
    SEARCH,
    SEARCH_MINOR,
    SEARCH_OLD,
)
from steps.where import is_node

_FILES_FIRST = r"sed -i 's/^\([[:space:]]*hosts:[[:space:]]*\)/\1files /' /etc/nsswitch.conf"
_POD_DOMAINS = ("kube-system.svc.", "svc.", "")


def _own_name(look: Look) -> Answer:
    name = look.facts.one("hostname") or "the host's name"
    found = [address_of(text) for text in look.facts.all("own.name")]
    # nss-myhostname adds link-local ones.
    seen = [address for address in found if address is not None and not address.is_link_local]
    # haui names every host of the cluster file at the top of /etc/hosts.
    mended = name == look.host.name
    fix = (
        by_haui("system.hosts", f"The install puts {name} into /etc/hosts.")
        if mended
        else words(f"Name {look.host.address} {name} in /etc/hosts.")
    )
    expected = f"{name} is {look.host.address}"
    if not seen:
        return tells(f"{name} is unknown", fix, expected)
    shown = f"{name} is {', '.join(str(address) for address in seen[:4])}"
    if address_of(look.host.address) in seen:
        return passes(shown, expected)
    others = {other.address for other in look.spec.hosts} - {look.host.address}
    if any(str(address) in others for address in seen):
        return (warns if mended else blocks)(f"{shown}: another host", fix, expected)
    if seen[0].is_loopback:
        # Debian writes 127.0.1.1 on every host; nothing of Kubernetes takes it from there.
        usual = str(seen[0]) != "127.0.0.1" and str(seen[0]) != "::1"
        return (tells if usual else warns)(shown, fix, expected)
    if seen[0] in {a.at.ip for a in addresses(look)}:
        return tells(f"{shown}, another address of the host", fix, expected)
    return warns(f"{shown}, which is none of the host's", fix, expected)


def _sources(look: Look) -> Answer:
    sources = (look.facts.one("nsswitch") or "").split()
    if not sources:
        return skips("/etc/nsswitch.conf does not say where names of hosts come from")
    seen, expected = f"hosts: {' '.join(sources)}", "files before dns"
    fix = command("Ask /etc/hosts first.", _FILES_FIRST)
    if "files" not in sources:
        return blocks(seen, fix, expected)
    if "dns" in sources and sources.index("dns") < sources.index("files"):
        return warns(seen, fix, expected)
    return passes(seen, expected)


def _coredns(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether CoreDNS, which asks the host's name servers, may run on `host`."""
    skipped = set(kubeadm.skipped_phases(spec)) & {"addon", "addon/coredns"}
    kubelet = spec.advanced.kubeadm.get("KubeletConfiguration", {})
    return is_node(spec, host) and not skipped and "resolvConf" not in kubelet


def _is_loopback(server: str) -> bool:
    address = address_of(server)
    return address is not None and address.is_loopback


def _resolver(look: Look) -> Answer:
    rows = look.facts.rows("resolver", 2)
    if not rows:
        return skips("/etc/resolv.conf could not be read")
    servers = [value for kind, value in rows if kind == "nameserver"]
    upstream = [value for kind, value in rows if kind == "upstream"]
    pods = _coredns(look.spec, look.host)
    if not servers:
        fix = words("Name a DNS server that the host reaches.")
        if pods:
            return warns("no name server: CoreDNS would not start", fix, "a name server")
        return tells("no name server: names come from /etc/hosts only", fix)
    shown = ", ".join(servers)
    real = [server for server in upstream or servers if not _is_loopback(server)]
    if all(map(_is_loopback, servers)):
        if not upstream or not real:
            return _loopback(look, shown, pods)
        shown = f"{shown}, which asks {', '.join(real)}"
    trouble = [*_too_many(real), *_search(look, rows)]
    if trouble:
        fix = words("Shorten /etc/resolv.conf (or what writes it).")
        return warns(" · ".join(trouble), fix, f"at most {NAME_SERVERS} servers")
    return passes(shown)


def _loopback(look: Look, shown: str, pods: bool) -> Answer:
    if not pods:
        return tells(f"{shown}: a name server on the host itself")
    fix = words(
        "Give the host a name server on another address, or name a file with one in "
        "advanced.kubeadm.KubeletConfiguration.resolvConf."
    )
    return look.strict(f"only {shown}, the host itself", fix, "a name server that pods reach")


def _too_many(servers: list[str]) -> list[str]:
    if len(servers) <= NAME_SERVERS:
        return []
    return [f"{len(servers)} name servers, of which {NAME_SERVERS} count"]


def _search(look: Look, rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """What the kubelet would cut off: it puts the cluster's own domains in front."""
    own = next((value.split() for kind, value in rows if kind == "search"), [])
    domains = [f"{part}{look.spec.network.dns_domain}" for part in _POD_DOMAINS] + own
    most, longest = SEARCH if look.spec.kubernetes.minor >= SEARCH_MINOR else SEARCH_OLD
    length = len(" ".join(domains))
    if len(domains) > most or length > longest:
        return [f"{len(own)} search domains; with the cluster's {length} characters"]
    return []


def _servers(look: Look) -> Answer:
    rows = look.facts.rows("dns.server", 2)
    if not rows:
        return skips("no name server is named in /etc/resolv.conf, or bash is missing to ask it")
    seen = ", ".join(f"{server} {word}" for server, word in rows)
    dead = [server for server, word in rows if word != "answers"]
    expected = "every name server answers"
    if not dead:
        return passes(seen, expected)
    fix = words(f"Mend {', '.join(dead)}, a firewall on the way (port 53), or /etc/resolv.conf.")
    needed = lookup_name(look.spec) and not _found(look)
    if len(dead) == len(rows) and needed:
        return blocks(seen, fix, expected)
    return warns(seen, fix, expected)


def _found(look: Look) -> bool:
    return any(word == "found" for _, word, _ in look.facts.rows("dns.lookup", 3))


def _lookup(look: Look) -> Answer:
    rows = look.facts.rows("dns.lookup", 3)
    if not rows:
        return skips("the host looked no name up (is `getent` missing?)")
    name, word, took = rows[0]
    expected = f"{name} is found within {LOOKUP_S:g} s"
    if word != "found":
        seen = {"none": f"{name} is unknown"}.get(word, f"no answer for {name}")
        # What the host can't name it may still not need: images may be there already.
        return (warns if is_local(look.spec) else look.strict)(seen, _NAME_IT, expected)
    try:
        seconds = float(took)
    except ValueError:
        return skips("the host did not say how long the lookup took")
    if seconds >= LOOKUP_S:
        return warns(
            f"{name} after {seconds:.1f} s",
            words("Put the name server that answers first, or mend the slow one."),
            expected,
        )
    return passes(f"{name} after {seconds:.3f} s", expected)


_NAME_IT: Fix = words(
    "Give the host a name server that knows the name, a line in /etc/hosts, or other sources of "
    "packages and images."
)

CHECKS: tuple[Check, ...] = (
    Check(
        id="network.own-name",
        title="The host's own name",
        area="network",
        why="Software that asks for its own name would listen on, or announce, a wrong address.",
        look=_own_name,
        marker="hostname",
    ),
    Check(
        id="network.name-sources",
        title="/etc/hosts is asked",
        area="network",
        why="haui names the hosts and the endpoint in /etc/hosts; nobody would look there.",
        look=_sources,
    ),
    Check(
        id="network.resolver",
        title="Configuration of DNS",
        area="network",
        why="Pods and CoreDNS get the host's name servers: a loopback address is the pod itself "
        "there, which makes CoreDNS ask itself for ever.",
        look=_resolver,
    ),
    Check(
        id="network.name-servers",
        title="Name servers answer",
        area="network",
        why="Every lookup waits seconds for a dead name server before it asks the next.",
        look=_servers,
    ),
    Check(
        id="network.lookup",
        title="Names that the install needs",
        area="network",
        why="Packages or images can't be fetched from a name that the host does not find.",
        look=_lookup,
        on=lambda spec, host: bool(lookup_name(spec)),
    ),
)
