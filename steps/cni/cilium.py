"""Cilium's objects, built as dicts: the agent on every node, and the operator.

Facts: the Helm chart of Cilium 1.20. The operator defines Cilium's own kinds in the cluster, so no
definitions are here. docs/decisions/0014 says what is left out and why.
"""

from __future__ import annotations

from haui.clusterfile.pod_networks import POD_NETWORKS
from haui.spec import ClusterSpec
from steps.cni.cilium_agent import daemon_set
from steps.cni.cilium_config import settings
from steps.cni.cilium_operator import deployment
from steps.cni.cilium_rights import CONFIG, rights
from steps.cni.objects import Document, config_map

VERSION = POD_NETWORKS["cilium"].version


def manifest(spec: ClusterSpec) -> list[Document]:
    """Everything that Cilium needs in the cluster, in the order in which to apply it."""
    return [
        *rights(),
        config_map(CONFIG, settings(spec)),
        daemon_set(spec),
        deployment(spec),
    ]
