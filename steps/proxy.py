"""The HTTP proxy of the hosts: who is reached through it and who is not."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address, ip_network
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


def is_direct(spec: ClusterSpec, name: str) -> bool:
    """Whether host `name` is reached without the proxy, by the names in `no_proxy`."""
    wanted = [entry.lstrip(".") for entry in no_proxy(spec).split(",")]
    return any(name == entry or name.endswith(f".{entry}") for entry in wanted)


def way(spec: ClusterSpec, url: str) -> str | None:
    """The proxy through which containerd asks for `url`; None when it does so directly."""
    name = urlsplit(url).hostname or ""
    proxies = spec.supply.proxy
    chosen = proxies.https if url.startswith("https:") else proxies.http
    if not chosen or is_direct(spec, name):
        return None
    with suppress(ValueError):
        address = ip_address(name)
        for entry in no_proxy(spec).split(","):
            with suppress(ValueError):
                if address in ip_network(entry, strict=False):
                    return None
    return chosen


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
