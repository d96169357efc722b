"""Container runtimes and balancers that are there already."""

from __future__ import annotations

import re

from haui.spec import ClusterSpec, HostSpec
from steps import endpoint
from steps.checks.check import Answer, Check, Look, blocks, by_haui, passes, tells, warns, words
from steps.checks.kubernetes import is_joined
from steps.checks.network_managers import units
from steps.checks.thresholds import CONTAINERD_2_MINOR, CONTAINERD_MINOR, CONTAINERD_OLDEST
from steps.where import has_containerd, is_node


def _containerd(look: Look) -> Answer:
    version = look.facts.one("containerd.version")
    minor = look.spec.kubernetes.minor
    least = ".".join(map(str, CONTAINERD_OLDEST))
    if version is None:
        return passes("not there yet; the install puts it there")
    found = re.match(r"(\d+)\.(\d+)", version)
    number = (int(found[1]), int(found[2])) if found else (0, 0)
    if number < CONTAINERD_OLDEST and minor >= CONTAINERD_MINOR:
        return blocks(
            f"containerd {version}",
            words(f"Install containerd {least} or newer, or remove it: the install takes the "
                  "distribution's."),
            f"{least} or newer, for Kubernetes from 1.{CONTAINERD_MINOR} on",
        )  # fmt: skip
    if number[0] >= 2 and minor < CONTAINERD_2_MINOR:
        return blocks(
            f"containerd {version}",
            words("Install containerd 1.x."),
            f"1.x, for Kubernetes before 1.{CONTAINERD_2_MINOR}",
        )
    return passes(f"containerd {version}")


def _config(look: Look) -> Answer:
    owner = look.facts.one("containerd.config")
    if owner != "foreign":
        return passes({"haui": "haui's own"}.get(owner or "", "none"))
    disabled = look.facts.one("containerd.disabled") or ""
    why = f" with disabled_plugins = {disabled}" if "cri" in disabled else ""
    return tells(
        f"/etc/containerd/config.toml of somebody else{why}",
        by_haui("runtime.containerd", "The install replaces it and keeps the former one beside "
                "it; what is needed of it goes into advanced.containerd."),
    )  # fmt: skip


def _others(look: Look) -> Answer:
    known = units(look)
    runs = [name for name in ("docker", "crio", "podman") if known.get(name, ("",))[0] == "active"]
    processes = look.facts.all("kubernetes.process")
    if "docker" not in runs and "dockerd" in processes:
        runs.append("docker")
    if "crio" not in runs and "crio" in processes:
        runs.append("crio")
    if not runs:
        return passes("none runs")
    return warns(
        f"{' and '.join(runs)} runs",
        words("Remove it, or take a host of its own: Docker sets the policy of forwarded packets "
              "to DROP, and both want memory that the kubelet counts as its own."),
        "containerd alone",
    )  # fmt: skip


def _containers(look: Look) -> Answer:
    joined = is_joined(look)
    seen = [
        f"{count} of {runtime}" + (f" ({space})" if space != "-" else "")
        for runtime, space, count in look.facts.rows("runtime.containers", 3)
        if not (joined and space == "k8s.io")
    ]
    if "conmon" in look.facts.all("kubernetes.process"):
        seen.append("some of podman or CRI-O")
    if not seen:
        return passes("none but this cluster's" if joined else "none")
    return warns(
        f"containers run: {', '.join(seen)}",
        words("Stop them or take them to another host. The install restarts containerd, which "
              "they survive; but they use memory, ports and addresses besides the cluster."),
        "none",
    )  # fmt: skip


def _programs(spec: ClusterSpec) -> tuple[str, ...]:
    return (endpoint.proxy(spec), "keepalived")


def _balancer(look: Look) -> Answer:
    known = units(look)
    owners = {row[0]: row[1] for row in look.facts.rows("balancer.config", 2)}
    listening = {process for _, _, _, process, _ in look.facts.rows("listener", 5)}
    used: list[str] = []
    there: list[str] = []
    for name in _programs(look.spec):
        if owners.get(name) != "foreign":
            continue
        active = known.get(name, ("", ""))[0] == "active"
        # The package's own configuration of haproxy serves nothing.
        serves = name in listening or (name == "keepalived" and active)
        (used if serves else there).append(name)
    expected = "haui's own, or none"
    step = "endpoint.nginx" if "nginx" in _programs(look.spec) else "endpoint.haproxy"
    if used:
        return blocks(
            f"{' and '.join(used)} is at work here with a configuration of somebody else",
            words("Take other hosts for the balancers, or stop it and put its configuration "
                  "aside: the install replaces that file as a whole."),
            expected,
        )  # fmt: skip
    if there:
        return tells(
            f"{' and '.join(there)} has a configuration of somebody else and serves nothing",
            by_haui(step, "The install replaces it and keeps the former one."),
            expected,
        )
    return passes(", ".join(f"{name}: {owners.get(name, 'none')}" for name in _programs(look.spec)))


def _is_balancer(spec: ClusterSpec, host: HostSpec) -> bool:
    return host in spec.balancers


CHECKS: tuple[Check, ...] = (
    Check(
        id="kubernetes.containerd",
        title="Version of containerd",
        area="kubernetes",
        why="The kubelet and containerd would not speak the same interface.",
        look=_containerd,
        marker="containerd.config",
        on=has_containerd,
    ),
    Check(
        id="kubernetes.containerd-config",
        title="Configuration of containerd",
        area="kubernetes",
        why="The kubelet needs containerd's CRI plugin and systemd's cgroups.",
        look=_config,
        marker="containerd.config",
        on=has_containerd,
    ),
    Check(
        id="kubernetes.runtimes",
        title="Other container runtimes",
        area="kubernetes",
        why="Another runtime changes the packet filter and uses what the kubelet hands out.",
        look=_others,
        marker="containerd.config",
        on=is_node,
    ),
    Check(
        id="kubernetes.containers",
        title="Containers that run already",
        area="kubernetes",
        why="The kubelet knows nothing of them: they take memory and ports from its pods.",
        look=_containers,
        marker="containerd.config",
        on=is_node,
    ),
    Check(
        id="ports.balancer",
        title="Balancer that is there already",
        area="ports",
        why="The install replaces the configuration: what was served with it would be gone.",
        look=_balancer,
        marker="balancer.config",
        on=_is_balancer,
    ),
)
