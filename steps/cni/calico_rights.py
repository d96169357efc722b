"""What Calico's parts may do in the cluster. Facts: calico.yaml of Calico 3.32.

Left out of upstream's rules, since nothing of it is set up here: the move of its data to another
API group, and upgrades from Calico 2.6 and from host-local addresses. The rules for KubeVirt stay
also where there is none: Felix asks for its migrations at every start. An answer that there is no
such kind lets it go on, one that it may not ask makes it ask for ever.
"""

from __future__ import annotations

from steps.cni.calico_crds import GROUP, POLICY_GROUP
from steps.cni.objects import (
    SYSTEM,
    Document,
    Rule,
    account,
    cluster_role,
    cluster_role_binding,
    rules,
    service_account,
)

NODE = "calico-node"
CNI_PLUGIN = "calico-cni-plugin"
CONTROLLERS = "calico-kube-controllers"
TIERS = "calico-tier-getter"

MACHINES = "kubevirt.io"
READ = "get list watch"
CHANGE = "get list create update delete"
IPAM = "blockaffinities ipamblocks ipamhandles"

_NODE_READS = (
    "felixconfigurations bgppeers bgpfilters bgpconfigurations ippools ipreservations ipamblocks "
    "globalnetworkpolicies stagedglobalnetworkpolicies networkpolicies stagednetworkpolicies "
    "stagedkubernetesnetworkpolicies globalnetworksets networksets clusterinformations "
    "hostendpoints blockaffinities caliconodestatuses tiers"
)

_NODE: tuple[Rule, ...] = (
    ("core", "pods namespaces serviceaccounts", "list watch"),
    ("core", "pods namespaces", "get"),
    ("core", "nodes", READ),
    # It clears the mark that a node has no network, and notes addresses on the Node.
    ("core", "nodes/status", "patch update"),
    # The plugin notes a pod's addresses as long as the kubelet has not.
    ("core", "pods/status", "patch"),
    ("core", "services endpoints", READ),
    ("discovery.k8s.io", "endpointslices", "list watch"),
    # kubeadm's configuration tells the pods' network.
    ("core", "configmaps", "get"),
    ("networking.k8s.io", "networkpolicies", "list watch"),
    (POLICY_GROUP, "clusternetworkpolicies", "list watch"),
    (GROUP, _NODE_READS, READ),
    (GROUP, "tiers", "create"),
    (GROUP, "ippools felixconfigurations bgpconfigurations clusterinformations", "create update"),
    (GROUP, "caliconodestatuses", "update"),
    (GROUP, IPAM, CHANGE),
    (GROUP, "ipamconfigs", "get create"),
    (MACHINES, "virtualmachineinstancemigrations", READ),
)

_CNI_PLUGIN: tuple[Rule, ...] = (
    ("core", "pods nodes namespaces", "get"),
    ("core", "pods/status", "patch"),
    (GROUP, f"{IPAM} clusterinformations ippools ipreservations ipamconfigs", CHANGE),
    (MACHINES, "virtualmachines virtualmachineinstances", "get"),
)

_POLICIES = (
    "networkpolicies stagednetworkpolicies globalnetworkpolicies stagedglobalnetworkpolicies"
)
_CONTROLLERS: tuple[Rule, ...] = (
    ("core", "nodes pods namespaces", READ),
    ("core", "services services/status", "get list update watch"),
    ("apps", "daemonsets deployments", READ),
    # Which of Calico's API groups is there.
    ("apiextensions.k8s.io", "customresourcedefinitions", READ),
    # It reads all of Calico's objects at its start, and changes those that follow here.
    (GROUP, "*", READ),
    (GROUP, f"{IPAM} ipamconfigs tiers hostendpoints {_POLICIES}", "create update delete"),
    (GROUP, "clusterinformations kubecontrollersconfigurations", "create update"),
    (GROUP, "kubecontrollersconfigurations/status", "get update"),
    (MACHINES, "virtualmachines virtualmachineinstances", READ),
)


def rights() -> list[Document]:
    """Accounts, roles and bindings."""
    token = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        # The node's agent renews the token that the plugin uses on the host.
        "resourceNames": [CNI_PLUGIN],
        "verbs": ["create"],
    }
    manager = {
        "kind": "User",
        "apiGroup": "rbac.authorization.k8s.io",
        "name": "system:kube-controller-manager",
    }
    names = (NODE, CNI_PLUGIN, CONTROLLERS)
    return [
        *(service_account(name, SYSTEM) for name in names),
        cluster_role(NODE, [token, *rules(_NODE)]),
        cluster_role(CNI_PLUGIN, rules(_CNI_PLUGIN)),
        cluster_role(CONTROLLERS, rules(_CONTROLLERS)),
        # The garbage collector of Kubernetes looks at tiers before it deletes policies in them.
        cluster_role(TIERS, rules([("projectcalico.org", "tiers", "get")])),
        *(cluster_role_binding(name, account(name)) for name in names),
        cluster_role_binding(TIERS, manager),
    ]
