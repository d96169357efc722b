"""What is asked about one host."""

from __future__ import annotations

from typing import Any

from haui.wizard.question import Choice, Kind, Question

ROLES: tuple[Choice, ...] = (
    Choice(
        value="control-plane", label="control plane", note="API server, scheduler, controllers."
    ),
    Choice(value="worker", label="worker", note="Runs ordinary pods."),
    Choice(value="etcd", label="etcd", note="A member of etcd, when etcd is external."),
    Choice(value="load-balancer", label="load balancer", note="keepalived and the proxy."),
    Choice(value="registry", label="registry", note="An image registry."),
    Choice(value="storage", label="storage", note="Storage for pods."),
)


def _host(key: str, label: str, kind: Kind = "text", **rest: Any) -> Question:
    loc = tuple(key.split("."))
    return Question(loc=loc, place=("hosts", 0, *loc), page="hosts", label=label, kind=kind, **rest)


HOST_QUESTIONS: tuple[Question, ...] = (
    _host("name", "Name"),
    _host("address", "Address"),
    _host("roles", "Roles", "list", choices=ROLES),
    _host("labels", "Labels", "map"),
    _host("ssh.address", "SSH address", group="Where it differs", more=True),
    _host("ssh.user", "SSH user", group="Where it differs", more=True),
    _host("ssh.port", "SSH port", "number", group="Where it differs", more=True),
    _host("ssh.key", "SSH key", "file", group="Where it differs", more=True),
    _host("interface", "Interface", group="Where it differs", more=True),
    _host("site", "Site", group="Where it differs", more=True),
    _host("fingerprint", "Host key", group="Where it differs", more=True),
)
"""The questions about one host; their `loc` leads on from the host's own place."""
