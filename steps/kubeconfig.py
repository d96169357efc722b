"""What an admin.conf that comes from a host may hold: a login, and nothing that kubectl would do.

A kubeconfig can name a program that kubectl runs on the admin's machine (users[].user.exec and
auth-provider), and files of that machine whose content it sends to the server (tokenFile). kubeadm
writes none of these (kubernetes, cmd/kubeadm/app/util/kubeconfig), so a host that has them in its
admin.conf means harm, or somebody has been at work there.
"""

from __future__ import annotations

from typing import Any

import yaml

_ALLOWED: dict[str, tuple[str, frozenset[str]]] = {
    "clusters": ("cluster", frozenset(("server", "certificate-authority-data"))),
    "contexts": ("context", frozenset(("cluster", "user", "namespace"))),
    "users": ("user", frozenset(("client-certificate-data", "client-key-data", "token"))),
}
_HEAD = frozenset(("apiVersion", "kind", "current-context", "preferences", *_ALLOWED))


def refusal(content: bytes) -> str:
    """Why this admin.conf must not be used on this machine; empty when nothing is wrong with it."""
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return f"it can't be read: {str(error).splitlines()[0] if str(error) else 'no YAML'}"
    if not isinstance(document, dict) or document.get("kind") != "Config":
        return "it is no kubeconfig"
    odd = [f"{name!s:.40}" for name in document if name not in _HEAD]
    odd += ["preferences"] if document.get("preferences") else []
    for part, (inner, allowed) in _ALLOWED.items():
        odd += _odd(document.get(part) or [], part, inner, allowed)
    return f"it holds what kubeadm does not write: {', '.join(odd[:5])}" if odd else ""


def _odd(entries: Any, part: str, inner: str, allowed: frozenset[str]) -> list[str]:
    if not isinstance(entries, list):
        return [part]
    found: list[str] = []
    for entry in entries:
        if not isinstance(entry, dict) or not set(entry) <= {"name", inner}:
            found.append(part)
            continue
        body = entry.get(inner) or {}
        if not isinstance(body, dict):
            found.append(f"{part}.{inner}")
            continue
        found += [f"{part}.{inner}.{name!s:.40}" for name in body if name not in allowed]
    return found
