"""The control plane: kubeadm init on the first host, then the other hosts one after the other.

What a half-done init or join means, and what then is to be done, is decided on the host by what is
found there; the scripts say how. Credentials for a join are minted right before it on a control
plane that works, go to the joining host in tmpfs, and are taken back afterwards, so that none of
them is ever in a file that stays.
"""

from __future__ import annotations

import base64

from haui.clusterfile.kubeadm_fields import api_version
from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Step, Values, Work
from steps import endpoint_kube_vip, kubeadm, kubeconfig
from steps.where import addresses, is_control_plane, is_first

CONFIG_PATH = "/etc/haui/kubeadm-init.yaml"

LEARNER_MINOR = 29
"""From this minor on a new etcd member only votes once it is in step: nothing stands still."""

PLACEHOLDERS: Values = {
    "token": "<minted for this join>",
    "certificate_key": "<minted for this join>",
    "ca_hash": "<hash of the cluster's CA>",
    "admin_conf": "",
    "via": "",
}
"""Stand in previews for what only exists while a join runs."""


def environment(spec: ClusterSpec, host: HostSpec) -> dict[str, str]:
    """What the scripts around kubeadm know of the cluster. `host` is the one the task is about."""
    skipped = kubeadm.skipped_phases(spec)
    left_out = [phase for phase in skipped if phase.partition("/")[0] == "addon"]
    if spec.network.kube_proxy == "none":
        left_out.append("addon/kube-proxy")
    external = spec.topology.kind == "external"
    members = {"HAUI_ETCD_MEMBERS": addresses(spec.having("etcd"))} if external else {}
    return {
        **members,
        "HAUI_VERSION": spec.kubernetes.version,
        "HAUI_MINOR": str(spec.kubernetes.minor),
        "HAUI_ENDPOINT": kubeadm.endpoint(spec),
        "HAUI_ETCD": "external" if external else "stacked",
        "HAUI_LEFT_OUT": ",".join(dict.fromkeys(left_out)),
        "HAUI_CONTROL_PLANES": addresses(spec.control_planes),
        "HAUI_PEERS": " ".join(h.address for h in spec.control_planes if h.name != host.name),
    }


def on_control_plane(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """Where things are asked on behalf of `host`: the control planes other than itself."""
    return tuple(other.name for other in spec.control_planes if other.name != host.name)


def joins(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_control_plane(spec, host) and not is_first(spec, host)


def join_inputs(spec: ClusterSpec, host: HostSpec, values: Values) -> dict[str, bytes]:
    """The join's document, with its secrets once they are supplied, as an input in tmpfs."""
    known = {**PLACEHOLDERS, **values}
    document = kubeadm.join_document(
        spec,
        host,
        token=known["token"],
        ca_hash=known["ca_hash"],
        certificate_key=known["certificate_key"],
    )
    return {"join.yaml": kubeadm.dump([document])}


def skip_flag(spec: ClusterSpec, phases: tuple[str, ...]) -> dict[str, str]:
    """Phases to skip as a flag, where the document has no field for them (v1beta2)."""
    if api_version(spec.kubernetes.minor) != "v1beta2" or not phases:
        return {}
    return {"HAUI_SKIP_FLAG": ",".join(phases)}


def supply_call(kind: str) -> Remote:
    """Mints a token, and for a control plane the certificates; `kind` is how the host joins."""

    def call(spec: ClusterSpec, host: HostSpec) -> Call:
        inputs = {"init.yaml": kubeadm.dump(kubeadm.init_documents(spec))}
        return Call(
            script="control_plane_supply",
            env={**environment(spec, host), "HAUI_KIND": kind},
            inputs=inputs if kind == "control-plane" else {},
        )

    return Remote(on=on_control_plane, call=call, timeout_s=240)


def revoke_call(kind: str) -> Remote:
    """Takes back what `supply_call` minted."""

    def call(spec: ClusterSpec, host: HostSpec) -> Call:
        env = {**environment(spec, host), "HAUI_KIND": kind}
        return Call(script="control_plane_revoke", env=env)

    return Remote(on=on_control_plane, call=call, timeout_s=60)


def _init_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = environment(spec, host)
    config = kubeadm.dump(kubeadm.init_documents(spec))
    inputs: dict[str, bytes] = {}
    if endpoint_kube_vip.uses_kube_vip(spec):
        # Where init begins anew after a reset, kube-vip has to begin anew as well.
        env |= endpoint_kube_vip.environment(spec, host)
        inputs = endpoint_kube_vip.initial_inputs(spec, host)
    return Work(
        probe=Call(script="control_plane_init_probe", env=env),
        files=(File(path=CONFIG_PATH, content=config, mode=0o600),),
        apply=Call(
            script="control_plane_init_apply",
            env={**env, **skip_flag(spec, kubeadm.skipped_phases(spec))},
            inputs=inputs,
        ),
    )


def _join_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = environment(spec, host)
    via = values.get("via", "")
    via_address = next((h.address for h in spec.control_planes if h.name == via), "")
    inputs = join_inputs(spec, host, values)
    inputs["admin.conf"] = base64.b64decode(values.get("admin_conf", ""))
    return Work(
        probe=Call(script="control_plane_join_probe", env=env),
        apply=Call(
            script="control_plane_join_apply",
            env={
                **env,
                **skip_flag(spec, kubeadm.join_skipped_phases(spec)),
                "HAUI_VIA": via,
                "HAUI_VIA_ADDRESS": via_address,
            },
            inputs=inputs,
        ),
    )


def _gate_call(spec: ClusterSpec, host: HostSpec) -> Call:
    return Call(script="control_plane_gate", env=environment(spec, host))


def _outlived_growth(spec: ClusterSpec, host: HostSpec) -> bool:
    grows = spec.topology.kind != "external" and len(spec.control_planes) > 1
    return is_first(spec, host) and grows and spec.kubernetes.minor < LEARNER_MINOR


def _refresh_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = environment(spec, host)
    return Work(
        probe=Call(script="control_plane_refresh_probe", env=env),
        apply=Call(script="control_plane_refresh_apply", env=env),
    )


INIT = Step(
    id="control_plane.init",
    title="First control plane",
    phase="control-plane",
    on=is_first,
    work=_init_work,
    # The virtual address must not move to a host that joins the balancers while init talks to it,
    # and every member of an external etcd is looked at anew in each run.
    needs=("endpoint.keepalived", "endpoint.kube_vip", "etcd.ready"),
    fetch={"admin.conf": "/etc/kubernetes/admin.conf"},
    refuse=kubeconfig.refusal,
    timeout_s=1800,
    explain="Runs kubeadm init. A half-done init is finished where it stopped, or undone and begun "
    "again while nothing else has joined.",
)

JOIN = Step(
    id="control_plane.join",
    title="Further control plane",
    phase="control-plane",
    on=joins,
    work=_join_work,
    # Mending kube-vip takes the address away for a moment, and a join needs it.
    needs=(INIT.id, "control_plane.kube_vip"),
    lane="control-plane-join",
    gate=Remote(on=on_control_plane, call=_gate_call, patience_s=180, timeout_s=240),
    supply=supply_call("control-plane"),
    revoke=revoke_call("control-plane"),
    timeout_s=2400,
    explain="Runs kubeadm join, one host at a time and only while every etcd member is a healthy "
    "voter: growing etcd while a member is missing can cost its quorum.",
)

REFRESH = Step(
    id="control_plane.refresh",
    title="API server after etcd's growth",
    phase="control-plane",
    on=_outlived_growth,
    work=_refresh_work,
    # Where kube-vip keeps the address here, the endpoint is away meanwhile: nobody shall wait for
    # it, and every other one can take it over.
    needs=(JOIN.id, "control_plane.kube_vip_join"),
    timeout_s=420,
    disruptive="The API server of the first control plane restarts; the others answer meanwhile, "
    "but where kube-vip holds the virtual address here by ARP, nobody does for some seconds.",
    explain="Without learners, etcd stands still for a moment when it grows from one member to "
    "two. Watches that the first API server began before can stay silent for up to ten minutes "
    "then: kube-proxy, for one, misses new Services. It is restarted once.",
)

STEPS: tuple[Step, ...] = (INIT, JOIN)
"""REFRESH follows in steps.workers: it has to wait for all joins, the pod network has not."""
