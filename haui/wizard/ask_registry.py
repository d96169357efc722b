"""The questions about the registry that haui sets up, asked where a host has that role."""

from __future__ import annotations

from haui.wizard.answers import Answers, value_at
from haui.wizard.question import Question


def has_registry(answers: Answers) -> bool:
    """Whether a host has the role registry."""
    hosts = value_at(answers, ("hosts",))
    roles = [
        host.get("roles")
        for host in (hosts if isinstance(hosts, list | tuple) else ())
        if isinstance(host, dict)
    ]
    return any(isinstance(said, list | tuple) and "registry" in said for said in roles)


REGISTRY = (
    Question(
        loc=("registry", "archive"),
        page="cluster",
        group="Registry",
        label="Its images",
        kind="text",
        shown=has_registry,
    ),
    Question(
        loc=("registry", "storage"),
        page="cluster",
        group="Registry",
        label="Folder",
        kind="text",
        shown=has_registry,
        more=True,
    ),
    Question(
        loc=("registry", "port"),
        page="cluster",
        group="Registry",
        label="Port",
        kind="number",
        shown=has_registry,
        more=True,
    ),
    Question(
        loc=("registry", "program"),
        page="cluster",
        group="Registry",
        label="Program",
        kind="text",
        shown=has_registry,
        more=True,
    ),
    Question(
        loc=("registry", "sha256"),
        page="cluster",
        group="Registry",
        label="Its checksum",
        kind="text",
        shown=has_registry,
        more=True,
    ),
)
