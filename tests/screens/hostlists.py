"""Lists of hosts for the tests of the hosts page."""

from __future__ import annotations

from typing import Any

ENDPOINT = {"kind": "keepalived-haproxy", "name": "api.atlas.lan", "vip": "10.30.0.10"}


def host(name: str, last: int, *roles: str, **more: Any) -> dict[str, Any]:
    """A host in 10.30.0.0/24; without roles it is a worker."""
    return {"name": name, "address": f"10.30.0.{last}", "roles": list(roles or ["worker"]), **more}


def answers_of(*hosts: Any) -> dict[str, Any]:
    """Answers that lack nothing but perhaps hosts."""
    answers: dict[str, Any] = {"name": "atlas", "endpoint": ENDPOINT}
    return {**answers, "hosts": list(hosts)} if hosts else answers


FIVE = (
    host("cp1", 11, "control-plane"),
    host("cp2", 12, "control-plane"),
    host("cp3", 13, "control-plane"),
    host("wk1", 21, labels={"rack": "r1"}),
    host("wk2", 22, ssh={"user": "ops", "port": 2222}),
)

WRONG = (
    host("cp1", 11, "control-plane"),
    {"name": "cp1", "address": "10.30.0.300", "roles": ["control-plane"]},
    {"address": "10.30.0.11", "roles": []},
    host("wk-[bold]", 21, "worker", "storage", ssh={"user": "ops", "address": "203.0.113.7"}),
    "rubbish",
)

RUBBISH = (
    "cp1 10.30.0.11 cp\n"
    "cp2 10.30.0.12 cp\n"
    "!!! what\n"
    "cp3 10.30.0.13 cp\n"
    "wk1 10.30.0.21 worker rack=r1\n"
    "wk2 2"
)

SSH_CONFIG = """\
Host *
  User ops
Host cp1
  HostName 10.30.0.11
Host cp2
  HostName 10.30.0.12
  ProxyJump bastion
Host wk1
  HostName 10.30.0.21
  Port 2222
"""

INVENTORY = """\
[kube_control_plane]
cp1 ansible_host=10.30.0.11
[kube_node]
wk1 ansible_host=10.30.0.21
"""

TABLE = "name,address,roles\ncp1,10.30.0.11,cp\nwk1,nowhere!,worker\n"
