"""The API's endpoint: keepalived moves a virtual address, a proxy behind it finds a live server.

The proxy is haproxy (here) or nginx (steps.endpoint_nginx). kube-vip does without a proxy
(steps.endpoint_kube_vip).
"""

from __future__ import annotations

import ipaddress

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import endpoint_kube_vip, endpoint_nginx
from steps.kubeadm import API_PORT, url_host
from steps.load import template
from steps.system import peers_of

HAPROXY_CONFIG = "/etc/haproxy/haproxy.cfg"
KEEPALIVED_CONFIG = "/etc/keepalived/keepalived.conf"
CHECK_SCRIPT = "/etc/keepalived/haui-check.sh"
LOCAL_PORT = 8404
"""haproxy's health and statistics, on 127.0.0.1 only."""

FIRST_PRIORITY = 200
PRIORITY_STEP = 10


def has_haproxy(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` carries haproxy, with keepalived or behind a balancer of the admin's own."""
    return spec.endpoint.kind != "keepalived-nginx" and host in spec.balancers


def has_keepalived(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` carries keepalived, with either proxy."""
    return spec.has_keepalived and host in spec.balancers


def proxy(spec: ClusterSpec) -> str:
    """The program behind keepalived, also the name of its unit."""
    return "nginx" if spec.endpoint.kind == "keepalived-nginx" else "haproxy"


def router_id(spec: ClusterSpec) -> int:
    """The VRRP router id: the asked one, else the virtual address's last byte (1 to 255)."""
    if spec.endpoint.virtual_router_id is not None:
        return spec.endpoint.virtual_router_id
    return ipaddress.ip_address(spec.endpoint.vip or "0.0.0.1").packed[-1] or 1


def haproxy_config(spec: ClusterSpec, host: HostSpec) -> str:
    """haproxy.cfg of one balancer; they differ only where hosts have sites."""
    addresses = [host.address for host in spec.hosts]
    own_site = host.site is not None and any(h.site == host.site for h in spec.control_planes)
    servers = [
        {
            "name": plane.name,
            "address": url_host(plane.address),
            "backup": own_site and plane.site != host.site,
        }
        for plane in spec.control_planes
    ]
    values = {
        "bind": "[::]" if any(":" in address for address in addresses) else "*",
        "port": spec.endpoint.port,
        "servers": servers,
        "api_port": API_PORT,
        "local_port": LOCAL_PORT,
    }
    return template("haproxy.cfg", values)


def keepalived_config(spec: ClusterSpec, host: HostSpec) -> str:
    """keepalived.conf of one balancer. The first in the file prefers to hold the address."""
    order = [balancer.name for balancer in spec.balancers]
    vip = spec.endpoint.vip or ""
    # Asking the API through nginx may take as long as one dead server costs.
    seconds = 3 if proxy(spec) == "nginx" else 2
    values = {
        "name": host.name,
        "proxy": proxy(spec),
        "check_s": seconds,
        "address": host.address,
        "peers": peers_of(spec, host),
        "router_id": router_id(spec),
        "priority": FIRST_PRIORITY - PRIORITY_STEP * order.index(host.name),
        "weight": PRIORITY_STEP * len(order),
        "vip": vip,
        "prefix": 128 if ":" in vip else 32,
    }
    return template("keepalived.conf", values)


def _haproxy(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_CONFIG": HAPROXY_CONFIG, "HAUI_PORT": str(spec.endpoint.port)}
    return Work(
        probe=Call(script="endpoint_haproxy_probe", env=env),
        apply=Call(script="endpoint_haproxy_apply", env=env),
        files=(File(path=HAPROXY_CONFIG, content=haproxy_config(spec, host).encode()),),
    )


def _keepalived(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        "HAUI_VIP": spec.endpoint.vip or "",
        "HAUI_INTERFACE": host.interface or spec.endpoint.interface or "",
    }
    if endpoint_nginx.has_nginx(spec, host):
        check = endpoint_nginx.check(spec)
    else:
        check = template("haui-check.sh", {"local_port": LOCAL_PORT})
    return Work(
        probe=Call(script="endpoint_keepalived_probe", env=env),
        apply=Call(script="endpoint_keepalived_apply", env=env),
        files=(
            File(path=KEEPALIVED_CONFIG, content=keepalived_config(spec, host).encode()),
            File(path=CHECK_SCRIPT, content=check.encode(), mode=0o755),
        ),
    )


HAPROXY = Step(
    id="endpoint.haproxy",
    title="Set up haproxy for the API",
    phase="endpoint",
    on=has_haproxy,
    work=_haproxy,
    timeout_s=900,
    disruptive="haproxy is reloaded; open connections are kept.",
    explain="Brings each connection to a control plane whose API server says that it is ready. "
    "All control planes are listed from the beginning, so that joins need no change here.",
)

KEEPALIVED = Step(
    id="endpoint.keepalived",
    title="Set up the virtual address",
    phase="endpoint",
    on=has_keepalived,
    work=_keepalived,
    timeout_s=900,
    explain="One of the balancers holds the virtual address; when it dies, or its proxy "
    "brings nobody to an API server while another one's does, the next takes over in seconds.",
)

STEPS: tuple[Step, ...] = (HAPROXY, endpoint_nginx.NGINX, KEEPALIVED, endpoint_kube_vip.PLACE)
"""A cluster has those of one kind only."""
