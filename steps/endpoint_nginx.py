"""nginx behind keepalived: passes TCP connections through to a living API server.

nginx notices a server that refuses connections (max_fails), not one that is there and unready. So
keepalived's check asks for an answer of the API through this host's nginx, and the virtual address
leaves a host that gives none.

Where SELinux is on, nginx gets the boolean httpd_can_network_connect, and its port becomes one of
http_port_t.
"""

from __future__ import annotations

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import osfamily
from steps.kubeadm import API_PORT, url_host
from steps.load import template

CONFIG = "/etc/nginx/nginx.conf"


def has_nginx(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` carries keepalived and nginx."""
    return spec.endpoint.kind == "keepalived-nginx" and host in spec.balancers


def config(spec: ClusterSpec) -> str:
    """nginx.conf; the same on every balancer."""
    port = spec.endpoint.port
    six = any(":" in host.address for host in spec.hosts)
    values = {
        "listen": f"[::]:{port} ipv6only=off" if six else str(port),
        "servers": [f"{url_host(host.address)}:{API_PORT}" for host in spec.control_planes],
    }
    return template("nginx.conf", values)


def check(spec: ClusterSpec) -> str:
    """What keepalived asks every few seconds."""
    return template("haui-check-nginx.sh", {"port": spec.endpoint.port})


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        "HAUI_CONFIG": CONFIG,
        "HAUI_PORT": str(spec.endpoint.port),
        **osfamily.each("HAUI_PACKAGES", lambda family: " ".join(family.nginx_packages)),
    }
    return Work(
        probe=Call(script="endpoint_nginx_probe", env=env),
        apply=Call(script="endpoint_nginx_apply", env=env),
        files=(File(path=CONFIG, content=config(spec).encode()),),
    )


NGINX = Step(
    id="endpoint.nginx",
    title="Set up nginx for the API",
    phase="endpoint",
    on=has_nginx,
    work=_work,
    timeout_s=900,
    disruptive="nginx.conf is replaced as a whole: what this nginx served besides is gone. A "
    "reload keeps open connections.",
    explain="Brings each connection to a control plane that takes it; one that refuses is left out "
    "for a few seconds. All control planes are listed from the beginning, so that joins need no "
    "change here.",
)
