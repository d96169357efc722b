"""Packages and images as the host itself gets them, before the first change."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Values, Work
from steps import containerd, osfamily, osfamily_apt, osfamily_dnf, preflight_plan, registry
from steps.preflight_step import look
from steps.where import is_node


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    node = is_node(spec, host)
    env = {
        **osfamily.each(
            "HAUI_NEEDED", lambda family: " ".join(preflight_plan.needed(spec, host, family))
        ),
        **osfamily.each("HAUI_KEY_URL", lambda family: _key_url(spec, family)),
        "HAUI_KUBERNETES": " ".join(preflight_plan.KUBERNETES) if node else "",
        "HAUI_VERSION": spec.kubernetes.version,
        "HAUI_MINOR": f"1.{spec.kubernetes.minor}",
        **(_of_the_registry(spec) if registry.is_registry(spec, host) else {}),
        "HAUI_LOGIN": "needed" if spec.supply.images.username else "",
    }
    files = (*osfamily.source_files(spec), *osfamily.proxy_files(spec))
    placed = {file.path: file.content for file in files}
    inputs = {
        "plan": preflight_plan.plan(spec, host).encode(),
        "haui.list": placed[osfamily_apt.LIST_PATH],
        "haui.repo": placed[osfamily_dnf.REPO_PATH],
        "key.asc": placed.get(osfamily_apt.KEY_PATH, b""),
        "apt.conf": placed.get(osfamily_apt.PROXY_PATH, b""),
        "package-proxy": placed.get(osfamily_dnf.PROXY_PATH, b""),
        "ca.pem": (spec.supply.images.ca_pem or "").encode(),
    }
    if values.get("registry_password"):
        inputs["login"] = f"Authorization: {containerd.authorization(spec, values)}\n".encode()
    return Work(probe=Call(script="preflight_supply_probe", env=env, inputs=inputs))


def _of_the_registry(spec: ClusterSpec) -> dict[str, str]:
    program = spec.registry.program or ""
    return {
        "HAUI_ARCHIVE": spec.registry.archive or "",
        "HAUI_PROGRAM": "" if "://" in program else program,
    }


def _key_url(spec: ClusterSpec, family: osfamily.Family) -> str:
    source = family.source_env(spec)
    return source["HAUI_KEY_URL"] if source["HAUI_KEY_FROM"] == "url" else ""


STEP = look(
    "supply",
    "Ask for packages and images",
    "Finds a mirror, registry, proxy or version that the host can not get, "
    "while nothing has been changed. Fetches only descriptions.",
    work=_work,
    once=True,
    timeout_s=120,
)
