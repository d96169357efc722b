"""Pieces of Kubernetes objects that the pod networks have in common, as dicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from haui.spec import ClusterSpec

Document = dict[str, Any]
Rule = tuple[str, str, str]
"""API groups, resources and verbs of a rule, each as words with blanks; "core" is the group ""."""

RBAC = "rbac.authorization.k8s.io"
SYSTEM = "kube-system"


def image(spec: ClusterSpec, upstream: str, tag: str) -> str:
    """The reference of an image; `network.cni.repository` stands in for upstream's registry."""
    registry, _, path = upstream.partition("/")
    return f"{spec.network.cni.repository or registry}/{path}:v{tag}"


def service_account(name: str, namespace: str = SYSTEM) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
    }


def rules(table: Sequence[Rule]) -> list[Document]:
    """The rules of a role from a table of words."""
    return [
        {
            "apiGroups": ["" if group == "core" else group for group in groups.split()],
            "resources": resources.split(),
            "verbs": verbs.split(),
        }
        for groups, resources, verbs in table
    ]


def cluster_role(name: str, granted: list[Document]) -> Document:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": granted,
    }


def cluster_role_binding(name: str, subject: Document | None = None) -> Document:
    """Binds the cluster role `name` to `subject`, by default the service account of that name."""
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [subject or account(name)],
    }


def role(name: str, namespace: str, granted: list[Document]) -> Document:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "Role",
        "metadata": {"name": name, "namespace": namespace},
        "rules": granted,
    }


def role_binding(name: str, namespace: str, subject: str) -> Document:
    """Binds the role `name` to the service account `subject` of kube-system."""
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
        "subjects": [account(subject)],
    }


def account(name: str) -> Document:
    return {"kind": "ServiceAccount", "name": name, "namespace": SYSTEM}


def config_map(name: str, data: dict[str, str]) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": SYSTEM},
        "data": data,
    }


def env_value(name: str, value: str) -> Document:
    return {"name": name, "value": value}


def env_field(name: str, path: str) -> Document:
    """An environment variable from a field of the pod itself."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def env_key(name: str, config: str, key: str) -> Document:
    """An environment variable from a key of a ConfigMap."""
    return {"name": name, "valueFrom": {"configMapKeyRef": {"name": config, "key": key}}}


def host_path(name: str, path: str, kind: str = "") -> Document:
    """A volume that is a path of the host; `kind` as in the API, empty: whatever is there."""
    source: Document = {"path": path}
    if kind:
        source["type"] = kind
    return {"name": name, "hostPath": source}


def mount(name: str, path: str, *, read_only: bool = False, propagation: str = "") -> Document:
    """The volume `name` at `path` of a container."""
    found: Document = {"name": name, "mountPath": path}
    if read_only:
        found["readOnly"] = True
    if propagation:
        found["mountPropagation"] = propagation
    return found
