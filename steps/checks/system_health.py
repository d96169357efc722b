"""How the host is doing: load, complaints of the kernel, limits, jobs of the first boot."""

from __future__ import annotations

from steps.checks.check import Answer, Check, Look, passes, skips, tells, warns, words
from steps.checks.system_machine import is_container
from steps.checks.thresholds import (
    BOOTING_S,
    LOAD_PER_CPU,
    SERVICE_FILES,
    SERVICE_TASKS,
    STEAL_PERCENT,
)
from steps.where import is_node

TROUBLES = {
    "io": "errors of a disk or file system",
    "hardware": "errors of the hardware",
    "oom": "programs killed for want of memory",
    "hung": "tasks that hung for minutes",
}
"""Kinds of complaints, the worst first."""


def _first_boot(look: Look) -> Answer:
    state, uptime = look.facts.one("cloudinit"), look.facts.number("uptime")
    if state == "running":
        fix = words(
            "Wait until `cloud-init status --wait` says done, then run the preflight again."
        )
        return warns("cloud-init is still at work", fix, "jobs of the first boot are done")
    if uptime is None:
        return skips("the host did not say since when it is up")
    if uptime < BOOTING_S:
        seen = f"up for {int(uptime)} s: jobs of the boot may still be at work"
        return tells(seen, words("Wait a few minutes if the host is new."))
    return passes(f"up for {int(uptime // 60)} min")


def _load(look: Look) -> Answer:
    row = next(iter(look.facts.rows("load", 3)), None)
    cpus = look.facts.number("cpus")
    try:
        load = float(row[2]) if row else None
    except ValueError:
        load = None
    if load is None or not cpus or cpus < 1:
        return skips("the host did not tell its load and its processors")
    seen = f"load {load:g} over 15 minutes, {cpus:g} processors"
    if load <= cpus * LOAD_PER_CPU:
        return passes(seen)
    if is_container(look.facts):
        return tells(f"{seen}; the load is the whole machine's")
    fix = words("Look with `top` what keeps the host busy.")
    return warns(seen, fix, f"at most {cpus * LOAD_PER_CPU:g}")


def _steal(look: Look) -> Answer:
    steal = look.facts.number("cpu.steal")
    if steal is None:
        return skips("the host did not tell how its processors' time was spent")
    seen = f"{steal:g} % since the boot"
    if steal <= STEAL_PERCENT:
        return passes(seen)
    fix = words("Move the virtual machine to another hypervisor, or reserve processors for it.")
    return warns(seen, fix, f"at most {STEAL_PERCENT:g} %")


def _kernel_log(look: Look) -> Answer:
    if look.facts.one("kernel.log") != "read":
        return skips("the kernel's log could not be read")
    rows = {kind: (count, last) for kind, count, last in look.facts.rows("kernel.trouble", 3)}
    found = [(kind, *rows[kind]) for kind in TROUBLES if kind in rows]
    if not found:
        return passes("no complaints")
    seen = " · ".join(f"{TROUBLES[kind]} ({count}): {last}" for kind, count, last in found)
    if is_container(look.facts):
        return tells(f"{seen} — the log is the whole machine's")
    kinds = {kind for kind, _, _ in found}
    if kinds & {"io", "hardware"}:
        fix = words("Look with `dmesg -T`; replace the disk or the part before the install.")
    elif "oom" in kinds:
        fix = words("Give the host more memory, or take away what needs it (`dmesg -T`).")
    else:
        fix = words("Look with `dmesg -T` what the tasks waited for: often a disk or NFS.")
    return warns(seen, fix, "no complaints")


def _limit(value: str | None) -> float | None:
    """A limit of systemd; None when it is absent or malformed."""
    if value == "infinity":
        return float("inf")
    return float(value) if value and value.isdecimal() else None


def _limits(look: Look) -> Answer:
    files = _limit(look.facts.one("limit.files"))
    tasks = _limit(look.facts.one("limit.tasks"))
    if files is None and tasks is None:
        return skips("systemd did not tell its limits")
    low, settings = [], []
    if files is not None and files < SERVICE_FILES:
        low.append(f"{files:g} open files")
        settings.append("DefaultLimitNOFILE=1024:524288")
    if tasks is not None and tasks < SERVICE_TASKS:
        low.append(f"{tasks:g} tasks")
        settings.append("DefaultTasksMax=15%")
    if not low:
        return passes("enough open files and tasks")
    fix = words(
        f"Set {' and '.join(settings)} below [Manager] in /etc/systemd/system.conf, then run "
        "`systemctl daemon-reexec`."
    )
    expected = f"at least {SERVICE_FILES} open files and {SERVICE_TASKS} tasks"
    return warns(f"services may have {' and '.join(low)}", fix, expected)


def _layout(look: Look) -> Answer:
    said = []
    for count, size in look.facts.rows("hugepages", 2):
        if count.isdecimal() and int(count) and size.isdecimal():
            said.append(
                f"{int(count) * int(size) // 1024} MB in huge pages, which pods have to ask for"
            )
    if isolated := look.facts.one("isolcpus"):
        said.append(f"processors {isolated[:100]} are kept from the scheduler")
    if (numa := look.facts.count("numa") or 0) > 1:
        said.append(f"{numa} NUMA nodes")
    return tells(" · ".join(said)) if said else passes("nothing special")


CHECKS: tuple[Check, ...] = (
    Check(
        id="system.first-boot",
        title="First boot",
        area="system",
        why="Jobs of a first boot install packages, change the network and reboot.",
        look=_first_boot,
    ),
    Check(
        id="system.load",
        title="Load",
        area="system",
        why="A busy host makes etcd and the API server time out.",
        look=_load,
    ),
    Check(
        id="system.steal",
        title="Stolen processor time",
        area="system",
        why="A crowded hypervisor makes etcd lose its leader again and again.",
        look=_steal,
    ),
    Check(
        id="system.kernel-log",
        title="Kernel's log",
        area="system",
        why="A disk that fails or memory that is short now takes a node down later.",
        look=_kernel_log,
    ),
    Check(
        id="system.limits",
        title="Limits of services",
        area="system",
        why="containerd and the kubelet stop working when they run out of open files or tasks.",
        look=_limits,
    ),
    Check(
        id="system.layout",
        title="Memory and processors set aside",
        area="system",
        why="Pods do not get what is set aside unless they ask for it.",
        look=_layout,
        marker="arch",
        on=is_node,
    ),
)
