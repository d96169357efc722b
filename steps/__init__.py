"""The whole install, in order: what haui does to hosts, as data.

Read it from top to bottom: on its own host a step follows all steps before it in this list, and
`needs` says what it waits for on other hosts.
"""

from __future__ import annotations

from haui.step import Step
from steps import (
    control_plane,
    endpoint,
    endpoint_settled,
    etcd,
    firewall,
    network,
    packages,
    preflight,
    registry,
    runtime,
    system,
    verify,
    workers,
)

CATALOGUE: tuple[Step, ...] = (
    # Look at everything, change nothing.
    *preflight.STEPS,  # one read-only check of each host
    # The machines.
    *system.STEPS,  # swap, kernel modules and parameters, names, clock
    *firewall.STEPS,  # what firewalld or ufw let in
    network.UNMANAGED_STEP,  # NetworkManager stays off the pods' interfaces
    *packages.STEPS,  # tools, and where Kubernetes packages come from
    *registry.STEPS,  # an image registry of our own, before anybody pulls
    *runtime.STEPS,  # containerd, kubeadm with its companions, images
    # The cluster.
    *etcd.STEPS,  # etcd on hosts of its own: CA, certificates, programs, members
    *endpoint.STEPS,  # the virtual address and the balancer behind it
    control_plane.INIT,
    endpoint_settled.AFTER_INIT,  # kube-vip without super-admin.conf
    control_plane.JOIN,  # one at a time
    endpoint_settled.AFTER_JOIN,  # kube-vip on the others
    *network.STEPS,  # the pods' network
    *workers.STEPS,  # workers' joins, labels, and every node Ready
    # The proof.
    *verify.STEPS,
    endpoint_settled.VERIFY,
)
