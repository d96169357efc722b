"""What Cilium's parts may do in the cluster. Facts: the Helm chart of Cilium 1.20.

Left out of the chart's rules: what only its mesh of clusters, ingress, Gateway API and Hubble use,
and reading every Secret of the cluster, which only copying them for policies would need.
"""

from __future__ import annotations

from steps.cni.objects import (
    SYSTEM,
    Document,
    Rule,
    cluster_role,
    cluster_role_binding,
    role,
    role_binding,
    rules,
    service_account,
)

AGENT = "cilium"
OPERATOR = "cilium-operator"
CONFIG = "cilium-config"
SECRETS = "cilium-secrets"
"""The namespace of the only Secrets that the agent reads: those of policies that look into TLS."""

GROUP = "cilium.io"
READ = "get list watch"

_WATCHED = (
    "ciliumloadbalancerippools ciliumbgpnodeconfigs ciliumbgpadvertisements ciliumbgppeerconfigs "
    "ciliumclusterwideenvoyconfigs ciliumclusterwidenetworkpolicies ciliumegressgatewaypolicies "
    "ciliumendpoints ciliumendpointslices ciliumenvoyconfigs ciliumidentities "
    "ciliumlocalredirectpolicies ciliumnetworkpolicies ciliumnodes ciliumnodeconfigs "
    "ciliumcidrgroups ciliuml2announcementpolicies ciliumpodippools ciliumdatapathplugins"
)
_AGENT: tuple[Rule, ...] = (
    ("networking.k8s.io", "networkpolicies", READ),
    ("discovery.k8s.io", "endpointslices", READ),
    ("core", "namespaces services pods nodes", READ),
    # It waits until the operator has defined Cilium's kinds.
    ("apiextensions.k8s.io", "customresourcedefinitions", READ),
    (GROUP, _WATCHED, "list watch"),
    (GROUP, "ciliumidentities ciliumendpoints ciliumnodes", "create"),
    (GROUP, "ciliumidentities", "update"),
    (GROUP, "ciliumendpoints", "get delete"),
    (GROUP, "ciliumnodes ciliumnodes/status", "get update"),
    (GROUP, "ciliumendpoints ciliumendpoints/status ciliumbgpnodeconfigs/status", "patch"),
    (GROUP, "ciliuml2announcementpolicies/status", "patch"),
)

_KINDS = (
    "ciliumloadbalancerippools ciliumbgpclusterconfigs ciliumbgppeerconfigs "
    "ciliumbgpadvertisements ciliumbgpnodeconfigs ciliumbgpnodeconfigoverrides "
    "ciliumclusterwideenvoyconfigs ciliumclusterwidenetworkpolicies ciliumegressgatewaypolicies "
    "ciliumendpoints ciliumendpointslices ciliumenvoyconfigs ciliumidentities "
    "ciliumlocalredirectpolicies ciliumnetworkpolicies ciliumnodes ciliumnodeconfigs "
    "ciliumcidrgroups ciliuml2announcementpolicies ciliumpodippools ciliumgatewayclassconfigs "
    "ciliumdatapathplugins"
)
_BGP_STATUS = (
    "ciliumbgpclusterconfigs ciliumbgppeerconfigs ciliumbgpadvertisements ciliumbgpnodeconfigs "
    "ciliumbgpnodeconfigoverrides"
)
_POLICIES = "ciliumnetworkpolicies ciliumclusterwidenetworkpolicies"
_OWNED = (
    "ciliumendpointslices ciliumenvoyconfigs ciliumbgpclusterconfigs ciliumbgpnodeconfigoverrides "
    "ciliumbgppeerconfigs ciliumbgpadvertisements ciliumbgpnodeconfigs ciliumcidrgroups"
)
_OPERATOR: tuple[Rule, ...] = (
    # DNS pods that were started before the agent are started again, into its network.
    ("core", "pods", "get list watch delete"),
    ("core", "nodes", "list watch patch"),
    # It marks that the node has a network.
    ("core", "nodes/status", "patch"),
    ("core", "namespaces serviceaccounts services", READ),
    ("core", "services/status", "update patch"),
    ("discovery.k8s.io", "endpointslices", READ),
    (GROUP, _POLICIES, "create update deletecollection patch get list watch"),
    (GROUP, "ciliumnetworkpolicies/status ciliumclusterwidenetworkpolicies/status", "patch update"),
    (GROUP, "ciliumendpoints", "delete list watch"),
    (GROUP, "ciliumidentities", "delete list watch update"),
    (GROUP, "ciliumnodes", "create update get list watch delete"),
    (GROUP, "ciliumnodes/status", "update"),
    (GROUP, _OWNED, "create update get list watch delete patch"),
    (GROUP, "ciliumendpointslices", "deletecollection"),
    (GROUP, "ciliumbgpclusterconfigs/status ciliumbgppeerconfigs/status", "update"),
    (GROUP, "ciliumloadbalancerippools ciliumpodippools ciliumdatapathplugins", READ),
    (GROUP, "ciliumpodippools", "create"),
    (GROUP, "ciliumloadbalancerippools/status", "patch"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "create get list watch"),
    # Which of several operators works.
    ("coordination.k8s.io", "leases", "create get update"),
)


def rights() -> list[Document]:
    """Accounts, roles and bindings, and the namespace of Secrets."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SECRETS}}
    return [
        namespace,
        service_account(AGENT),
        service_account(OPERATOR),
        cluster_role(AGENT, rules(_AGENT)),
        cluster_role(OPERATOR, [*rules(_OPERATOR), *_by_name()]),
        cluster_role_binding(AGENT),
        cluster_role_binding(OPERATOR),
        role("cilium-config-agent", SYSTEM, rules([("core", "configmaps", READ)])),
        role_binding("cilium-config-agent", SYSTEM, AGENT),
        role("cilium-tlsinterception-secrets", SECRETS, rules([("core", "secrets", READ)])),
        role_binding("cilium-tlsinterception-secrets", SECRETS, AGENT),
        # The operator looks for a proxy that is no longer wanted, whether there was one or not.
        role("cilium-operator-ztunnel", SYSTEM, rules(_ZTUNNEL)),
        role_binding("cilium-operator-ztunnel", SYSTEM, OPERATOR),
    ]


_ZTUNNEL: tuple[Rule, ...] = (
    ("apps", "daemonsets", "create delete get list watch"),
    ("core", "serviceaccounts", READ),
)


def _by_name() -> list[Document]:
    """Rules that hold for some objects only."""
    extensions = "apiextensions.k8s.io"
    return [
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": [CONFIG],
            "verbs": ["patch"],
        },
        {
            "apiGroups": [extensions],
            "resources": ["customresourcedefinitions"],
            "resourceNames": [f"{kind}.{GROUP}" for kind in _KINDS.split()],
            "verbs": ["update"],
        },
        {
            "apiGroups": [extensions],
            "resources": ["customresourcedefinitions/status"],
            "resourceNames": [f"{kind}.{GROUP}" for kind in _BGP_STATUS.split()],
            "verbs": ["update"],
        },
    ]
