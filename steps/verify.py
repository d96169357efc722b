"""Verification: what is measured when the cluster stands. Nothing here repairs anything.

The first four steps only look. The workload test runs pods in a namespace of its own and takes it
away again; what it prints is its result.
"""

from __future__ import annotations

from typing import Any

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import control_plane, etcd, workers
from steps.where import addresses, is_control_plane, is_first, is_node
from steps.yaml_stream import yaml_stream

NAMESPACE = "haui-verify"
DEFAULT_IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.47"
"""Alpine with sh, wget and nslookup; serves by its own netexec, busybox images by httpd."""

MOST_REPLICAS = 5
"""Pods are compared in a ring, so more of them prove little more."""

CERTIFICATE_DAYS = 30

SERVE = """\
echo haui-verify is up
mkdir -p /tmp/www && hostname >/tmp/www/hostname
if httpd --help 2>&1 | grep -q -- '-h HOME'; then exec httpd -f -p 8080 -h /tmp/www; fi
exec /agnhost netexec --http-port=8080
"""
"""The pods' command: both ways answer GET /hostname with the pod's name."""


def replicas(spec: ClusterSpec) -> int:
    """At least two, and one on each of at most five nodes."""
    return max(2, min(len(spec.nodes), MOST_REPLICAS))


def workload(spec: ClusterSpec) -> list[dict[str, Any]]:
    """The objects of the workload test: a Deployment spread over nodes, and a Service."""
    labels = {"app": "haui-verify"}
    container = {
        "name": "web",
        "image": spec.supply.images.verify_image or DEFAULT_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", SERVE],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/hostname", "port": 8080}, "periodSeconds": 2},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    pod: dict[str, Any] = {
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "containers": [container],
        # The pod network has to work on control planes too: their API servers call webhooks.
        "tolerations": [
            {"key": f"node-role.kubernetes.io/{role}", "operator": "Exists", "effect": "NoSchedule"}
            for role in ("control-plane", "master")
        ],
    }
    if len(spec.nodes) > 1:
        term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
        pod["affinity"] = {
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
        }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas(spec),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    return [deployment, service]


def _environment(spec: ClusterSpec, host: HostSpec) -> dict[str, str]:
    return {
        **control_plane.environment(spec, host),
        "HAUI_NODES": addresses(spec.nodes),
        "HAUI_CERTIFICATE_DAYS": str(CERTIFICATE_DAYS),
    }


def _nodes_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="verify_nodes_probe", env=_environment(spec, host)))


def _control_plane_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="verify_control_plane_probe", env=_environment(spec, host)))


def _etcd_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    if not etcd.is_external(spec):
        return Work(probe=Call(script="verify_etcd_probe", env=_environment(spec, host)))
    env = {
        **etcd.environment(spec),
        "HAUI_WHOLE": "yes" if etcd.is_first_member(spec, host) else "no",
        "HAUI_CERTIFICATE_DAYS": str(CERTIFICATE_DAYS),
    }
    return Work(probe=Call(script="verify_etcd_external_probe", env=env))


def _endpoint_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="verify_endpoint_probe", env=_environment(spec, host)))


def _workload_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    call = Call(
        script="verify_workload_apply",
        env={
            **_environment(spec, host),
            "HAUI_NAMESPACE": NAMESPACE,
            "HAUI_REPLICAS": str(replicas(spec)),
            "HAUI_DNS_DOMAIN": spec.network.dns_domain,
        },
        inputs={"workload.yaml": yaml_stream(workload(spec))},
    )
    return Work(apply=call)


def _tells_of_etcd(spec: ClusterSpec, host: HostSpec) -> bool:
    return etcd.is_member(spec, host) if etcd.is_external(spec) else is_first(spec, host)


NODES = Step(
    id="verify.nodes",
    title="Nodes",
    phase="verify",
    on=is_first,
    work=_nodes_work,
    needs=(workers.READY.id,),
    explain="Every node of the cluster file is ready, in the asked version, at its address.",
)
CONTROL_PLANE = Step(
    id="verify.control_plane",
    title="Control plane",
    phase="verify",
    on=is_control_plane,
    work=_control_plane_work,
    needs=(workers.READY.id,),
    explain="Each control plane answers by itself, and its certificates last.",
)
ETCD = Step(
    id="verify.etcd",
    title="etcd",
    phase="verify",
    on=_tells_of_etcd,
    work=_etcd_work,
    needs=(workers.READY.id,),
    explain="Every member is a healthy voter, there is one leader, and no alarm is raised.",
)
ENDPOINT = Step(
    id="verify.endpoint",
    title="API through the endpoint",
    phase="verify",
    on=is_node,
    work=_endpoint_work,
    needs=(workers.READY.id,),
    explain="Every node gets the API's answer through the endpoint, signed by the cluster's CA.",
)
WORKLOAD = Step(
    id="verify.workload",
    title="Workload",
    phase="verify",
    on=is_first,
    work=_workload_work,
    needs=(workers.READY.id,),
    always=True,
    timeout_s=900,
    explain="Runs pods on several nodes and reaches them from each other, through a Service and by "
    "name. The namespace haui-verify is taken away afterwards.",
)

STEPS: tuple[Step, ...] = (NODES, CONTROL_PLANE, ETCD, ENDPOINT, WORKLOAD)
