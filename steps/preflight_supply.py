"""Packages and images as the host itself gets them, before the first change."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import checks, containerd, osfamily, preflight_plan
from steps.osfamily import family_of
from steps.where import everywhere, is_node


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    family = family_of(spec, host)
    node = is_node(spec, host)
    source = family.source_env(spec)
    env = {
        "HAUI_NEEDED": " ".join(preflight_plan.needed(spec, host)),
        "HAUI_KUBERNETES": " ".join(preflight_plan.KUBERNETES) if node else "",
        "HAUI_VERSION": spec.kubernetes.version,
        "HAUI_MINOR": f"1.{spec.kubernetes.minor}",
        "HAUI_LIST": source["HAUI_LIST"],
        "HAUI_KEY_URL": source["HAUI_KEY_URL"] if source["HAUI_KEY_FROM"] == "url" else "",
        "HAUI_LOGIN": "needed" if spec.supply.images.username else "",
    }
    files = (*family.source_files(spec), *family.proxy_files(spec))
    placed = {file.path.rpartition("/")[2]: file.content for file in files}
    inputs = {
        "plan": preflight_plan.plan(spec, host).encode(),
        "haui.list": placed.get(osfamily.LIST_NAME, b""),
        "key.asc": placed.get(osfamily.KEY_PATH.rpartition("/")[2], b""),
        "apt.conf": placed.get(osfamily.PROXY_NAME, b""),
        "ca.pem": (spec.supply.images.ca_pem or "").encode(),
    }
    if values.get("registry_password"):
        inputs["login"] = f"Authorization: {containerd.authorization(spec, values)}\n".encode()
    return Work(probe=Call(script="preflight_supply_probe", env=env, inputs=inputs))


STEP = Step(
    id="preflight.supply",
    title="Ask for packages and images",
    phase="preflight",
    on=everywhere,
    work=_work,
    judge=checks.judge("preflight.supply"),
    once=True,
    timeout_s=120,
    explain="Finds a mirror, registry, proxy or version that the host can not get, "
    "while nothing has been changed. Fetches only descriptions.",
)
