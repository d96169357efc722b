"""Calico's own kinds of objects, so far as the API server has to know them.

Calico stores all that it knows in custom resources and checks their content itself before it writes
them, so the definitions here name the kinds and leave every field as it is. What an admin writes
with kubectl is therefore not checked by the API server; calicoctl checks it.
"""

from __future__ import annotations

from steps.cni.objects import Document

GROUP = "crd.projectcalico.org"
POLICY_GROUP = "policy.networking.k8s.io"

CLUSTER_KINDS = (
    "BGPConfiguration", "BGPFilter", "BGPPeer", "BlockAffinity", "CalicoNodeStatus",
    "ClusterInformation", "FelixConfiguration", "GlobalNetworkPolicy", "GlobalNetworkSet",
    "HostEndpoint", "IPAMBlock", "IPAMConfig", "IPAMHandle", "IPPool", "IPReservation",
    "KubeControllersConfiguration", "StagedGlobalNetworkPolicy", "Tier",
)  # fmt: skip
NAMESPACED_KINDS = (
    "NetworkPolicy", "NetworkSet", "StagedKubernetesNetworkPolicy", "StagedNetworkPolicy",
)  # fmt: skip
WITH_STATUS = ("KubeControllersConfiguration",)
"""Kinds whose status is written by a request of its own."""

APPROVAL = "https://github.com/kubernetes-sigs/network-policy-api/pull/347"
"""Groups below k8s.io are only accepted with the place where their API was agreed upon."""


def definitions() -> list[Document]:
    """The definitions of Calico 3.32's kinds, and of Kubernetes' ClusterNetworkPolicy."""
    found = [_definition(GROUP, kind, "Cluster", "v1") for kind in CLUSTER_KINDS]
    found += [_definition(GROUP, kind, "Namespaced", "v1") for kind in NAMESPACED_KINDS]
    policy = _definition(POLICY_GROUP, "ClusterNetworkPolicy", "Cluster", "v1alpha2", status=True)
    policy["metadata"]["annotations"] = {"api-approved.kubernetes.io": APPROVAL}
    return sorted([*found, policy], key=lambda one: str(one["metadata"]["name"]))


def plural(kind: str) -> str:
    """The name of a kind in URLs: ippools, networkpolicies, caliconodestatuses."""
    word = kind.lower()
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"


def _definition(
    group: str, kind: str, scope: str, version: str, *, status: bool = False
) -> Document:
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    parts = {"spec": free, "status": free}
    served: Document = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": parts}},
    }
    if status or kind in WITH_STATUS:
        served["subresources"] = {"status": {}}
    names = {
        "kind": kind,
        "listKind": f"{kind}List",
        "plural": plural(kind),
        "singular": kind.lower(),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural(kind)}.{group}"},
        "spec": {"group": group, "scope": scope, "names": names, "versions": [served]},
    }
