"""Cilium's operator: two pods, or one in a cluster of one node, that do what is done once for all.

Facts: the Helm chart of Cilium 1.20.
"""

from __future__ import annotations

from haui.spec import ClusterSpec
from steps.cni.cilium_pods import api, health, one_a_node, tag, whereabouts
from steps.cni.cilium_rights import CONFIG, OPERATOR
from steps.cni.objects import SYSTEM, Document, image, mount

OPERATOR_IMAGE = "quay.io/cilium/operator-generic"


def deployment(spec: ClusterSpec) -> Document:
    """The operator, never twice on one node."""
    labels = {"io.cilium/app": "operator", "name": OPERATOR}
    config = "/tmp/cilium/config-map"  # a folder of the container
    container = {
        "name": OPERATOR,
        "image": image(spec, OPERATOR_IMAGE, tag(spec)),
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "command": ["cilium-operator-generic"],
        "args": [f"--config-dir={config}"],
        "env": [*whereabouts(), *api(spec)],
        "ports": [{"name": "health", "containerPort": 9234, "hostPort": 9234, "protocol": "TCP"}],
        "livenessProbe": health(
            "health", {}, initialDelaySeconds=60, periodSeconds=10, timeoutSeconds=3
        ),
        "readinessProbe": health(
            "health", {}, periodSeconds=5, timeoutSeconds=3, failureThreshold=5
        ),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [mount("cilium-config-path", config, read_only=True)],
    }
    pod = {
        "hostNetwork": True,
        "priorityClassName": "system-cluster-critical",
        "serviceAccountName": OPERATOR,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [
            {"key": key, "operator": "Exists"}
            for key in (
                "node-role.kubernetes.io/control-plane",
                "node-role.kubernetes.io/master",
                "node.kubernetes.io/not-ready",
                "node.cilium.io/agent-not-ready",
            )
        ],
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "affinity": one_a_node({"io.cilium/app": "operator"}),
        "containers": [container],
        "volumes": [{"name": "cilium-config-path", "configMap": {"name": CONFIG}}],
    }
    alone = len(spec.nodes) < 2
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": OPERATOR, "namespace": SYSTEM, "labels": labels},
        "spec": {
            "replicas": 1 if alone else 2,
            "strategy": {
                "type": "RollingUpdate",
                # Two can't be on one node, so the old one has to go first.
                "rollingUpdate": {
                    "maxSurge": "25%",
                    "maxUnavailable": "100%" if alone else "50%",
                },
            },
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
