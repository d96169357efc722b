"""The HTTP proxy of the hosts: who is reached through it and who is not."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from haui.spec import ClusterSpec


def no_proxy(spec: ClusterSpec) -> str:
    """What is reached directly, comma separated: everything inside of the cluster, and more."""
    direct = [
        "localhost",
        "127.0.0.1",
        "::1",
        *(host.address for host in spec.hosts),
        *(host.name for host in spec.hosts),
        spec.endpoint.name,
        spec.endpoint.vip,
        spec.network.pods,
        spec.network.services,
        ".svc",
        f".{spec.network.dns_domain}",
        *spec.supply.proxy.no_proxy,
    ]
    return ",".join(dict.fromkeys(name for name in direct if name))


def environment(spec: ClusterSpec) -> dict[str, str]:
    """The proxy variables in upper case, as Go's programs read them; empty without proxy."""
    proxy = spec.supply.proxy
    values = {"HTTP_PROXY": proxy.http, "HTTPS_PROXY": proxy.https}
    given = {name: value for name, value in values.items() if value}
    return given | {"NO_PROXY": no_proxy(spec)} if given else {}


def is_direct(spec: ClusterSpec, name: str, port: int = 0) -> bool:
    """Whether a host, by its name or address, is reached without the proxy.

    As Go's golang.org/x/net/http/httpproxy has it, which containerd goes by: an entry with a dot
    before it means the names below it and not itself, one without means both; an entry may be an
    address, a network, `*`, or have a port; this machine is always direct.
    """
    name = name.lower()
    address = _address(name)
    if name == "localhost" or (address and address.is_loopback):
        return True
    entries = (entry.strip().lower() for entry in no_proxy(spec).split(","))
    return any(_covers(entry, name, address, port) for entry in entries)


def way(spec: ClusterSpec, url: str) -> str | None:
    """The proxy through which containerd asks for `url`; None when it does so directly."""
    where = urlsplit(url)
    proxies = spec.supply.proxy
    secure = where.scheme == "https"
    chosen = proxies.https if secure else proxies.http
    if not chosen or is_direct(spec, where.hostname or "", where.port or (443 if secure else 80)):
        return None
    return chosen


def _address(text: str) -> IPv4Address | IPv6Address | None:
    with suppress(ValueError):
        return ip_address(text)
    return None


def _covers(entry: str, name: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        with suppress(ValueError):
            return address is not None and address in ip_network(entry, strict=False)
        return False
    said, asked = entry, 0
    bracketed = entry.startswith("[")
    if _address(entry) is None and (bracketed or entry.count(":") == 1):
        said, _, number = entry.rpartition(":")
        if not said or not number.isdecimal():
            return False
        said, asked = said.strip("[]"), int(number)
    if asked not in (0, port):
        return False
    if (meant := _address(said)) is not None:
        return meant == address
    said = said.removeprefix("*") if said.startswith("*.") else said
    below = said if said.startswith(".") else f".{said}"
    return name.endswith(below) or name == said


def unit_drop_in(spec: ClusterSpec) -> str:
    """A systemd drop-in that gives a service the proxy variables."""
    lines = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in environment(spec).items()
    )
    return f"# Written by haui; changes are lost when it runs again.\n[Service]\n{lines}"


def _quoted(text: str) -> str:
    """A value as systemd wants it: quoted, and % doubled since it starts a specifier."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
