"""The endpoint once its hosts are control planes: kube-vip as it stays, and what verification asks.

kube-vip is mended on the first control plane right after init, before anybody else joins: its pod
is replaced, and joins must not lose the address in their middle. The others get it after their
join, since it has nobody to talk to before.
"""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import control_plane, endpoint_kube_vip, workers
from steps.endpoint import CHECK_SCRIPT, proxy
from steps.where import carriers, is_first


def _first(spec: ClusterSpec, host: HostSpec) -> bool:
    return endpoint_kube_vip.uses_kube_vip(spec) and is_first(spec, host)


def _joined(spec: ClusterSpec, host: HostSpec) -> bool:
    return endpoint_kube_vip.uses_kube_vip(spec) and control_plane.joins(spec, host)


def _settle(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        **control_plane.environment(spec, host),
        **endpoint_kube_vip.environment(spec, host),
    }
    inputs = {endpoint_kube_vip.FINAL: endpoint_kube_vip.manifest(spec, host)}
    return Work(
        probe=Call(script="endpoint_kube_vip_settle_probe", env=env, inputs=inputs),
        apply=Call(script="endpoint_kube_vip_settle_apply", env=env, inputs=inputs),
    )


def _carries(spec: ClusterSpec, host: HostSpec) -> bool:
    return host in carriers(spec)


def _verify(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = control_plane.environment(spec, host)
    if endpoint_kube_vip.uses_kube_vip(spec):
        env |= endpoint_kube_vip.environment(spec, host)
        return Work(probe=Call(script="endpoint_kube_vip_verify_probe", env=env))
    env |= {
        "HAUI_VIP": spec.endpoint.vip or "",
        "HAUI_PROXY": proxy(spec),
        "HAUI_CHECK": CHECK_SCRIPT,
        "HAUI_PORT": str(spec.endpoint.port),
    }
    return Work(probe=Call(script="endpoint_verify_probe", env=env))


AFTER_INIT = Step(
    id="control_plane.kube_vip",
    title="kube-vip with admin.conf",
    phase="control-plane",
    on=_first,
    work=_settle,
    needs=(control_plane.INIT.id,),
    timeout_s=600,
    disruptive="The pod of kube-vip is replaced; where it held the address, that is away for some "
    "seconds.",
    explain="kubeadm init is over and admin.conf has its rights, so kube-vip needs no other file: "
    "no manifest names super-admin.conf from here on.",
)

AFTER_JOIN = Step(
    id="control_plane.kube_vip_join",
    title="kube-vip on a further control plane",
    phase="control-plane",
    on=_joined,
    work=_settle,
    needs=(AFTER_INIT.id,),
    timeout_s=600,
    explain="From here on this control plane can hold the address too. Before its join there is no "
    "API server that its kube-vip could ask.",
)

VERIFY = Step(
    id="verify.balancer",
    title="Hosts behind the endpoint",
    phase="verify",
    on=_carries,
    work=_verify,
    needs=(workers.READY.id,),
    explain="Every host that may hold the virtual address could do it now: its proxy, or its "
    "kube-vip, finds an API server that is up. Says which one holds it.",
)
