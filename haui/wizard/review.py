"""The plan as the review page shows it: what is done where, with which files and scripts.

Built at once, for a hundred hosts in about a second: do it in a thread.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from haui.clusterfile.text import diff, dump
from haui.errors import HauiError
from haui.host import FAMILY_NAMES, File
from haui.live.estimate import Timings, remaining
from haui.plan import Row, describe
from haui.record.state import RunState
from haui.record.store import ClusterStore
from haui.session.plans import plan_of
from haui.spec import ClusterSpec
from haui.step import Plan
from haui.wizard.overrides import place_of
from haui.wizard.reading import Entry, Tab, hosts_text
from steps.load import body

_PARTS = {
    "probe": "looks",
    "gate": "waits until it may go on",
    "supply": "gets what is needed",
    "apply": "changes",
    "revoke": "takes back what was lent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that the page shows. `changes` is how the answers differ from those of the cluster
    that is there; `estimate` the least and the most seconds, None when too little is known."""

    plan: Plan
    hosts: int
    tasks: int
    disruptive: tuple[str, ...]
    tabs: dict[Tab, tuple[Entry, ...]]
    existing: bool = False
    unfinished: bool = False
    changes: tuple[str, ...] = ()
    estimate: tuple[float, float] | None = None
    unsafe: tuple[tuple[str, str], ...] = field(default=())


def build_review(spec: ClusterSpec, store: ClusterStore, now: datetime) -> Review:
    """The review of an install with these answers. `store` is the folder of that name."""
    plan = plan_of(spec, "apply")
    rows = describe(plan)
    there = store.exists()
    changes = _changes(store, spec) if there else ()
    return Review(
        plan=plan,
        hosts=len(spec.hosts),
        tasks=len(rows),
        disruptive=tuple(row.id for row in rows if row.disruptive),
        tabs={
            "phases": _phases(rows, len(spec.hosts)),
            "hosts": _hosts(spec, rows),
            "files": _files(plan, len(spec.hosts)),
            "commands": _commands(rows, len(spec.hosts)),
            "answers": _answers(spec, changes, there=there),
        },
        existing=there,
        unfinished=there and _unfinished(store),
        changes=changes,
        estimate=remaining(plan, RunState(), _timings(store), now),
        unsafe=unsafe_of(spec),
    )


def unsafe_of(spec: ClusterSpec) -> tuple[tuple[str, str], ...]:
    """What has to be agreed to by a tick: an id, and what it means."""
    found = []
    if spec.supply.packages.unsigned:
        text = f"packages from {spec.supply.packages.mirror} are trusted without a signature"
        found.append(("unsigned", text))
    advanced = spec.advanced
    if advanced.kubeadm:
        found.append(("kubeadm", f"advanced.kubeadm changes {', '.join(advanced.kubeadm)}"))
    if advanced.ignore_preflight_errors:
        names = ", ".join(advanced.ignore_preflight_errors)
        found.append(("ignored", f"these checks of kubeadm may fail: {names}"))
    if advanced.skip_phases:
        found.append(("skipped", f"kubeadm leaves out {', '.join(advanced.skip_phases)}"))
    if advanced.containerd:
        found.append(
            ("containerd", f"advanced.containerd changes {', '.join(advanced.containerd)}")
        )
    return tuple(found)


def command_line(file: str, *, rehearsal: bool = False) -> str:
    """What installs the same cluster from its cluster file, or rehearses it."""
    quoted = shlex.quote(file)
    return f"haui rehearse {quoted} --plain" if rehearsal else f"haui apply {quoted} --yes"


def secret_variables(spec: ClusterSpec) -> tuple[str, ...]:
    """The environment variables by which that command gets the secrets it needs."""
    wanted = {
        "HAUI_SSH_PASSWORD": spec.ssh.password,
        "HAUI_SUDO_PASSWORD": spec.ssh.sudo == "password",
        "HAUI_REGISTRY_PASSWORD": bool(spec.supply.images.username),
    }
    return tuple(name for name, needed in wanted.items() if needed)


def _changes(store: ClusterStore, spec: ClusterSpec) -> tuple[str, ...]:
    try:
        return tuple(diff(store.load_spec(), spec))
    except HauiError as error:
        return (f"the answers of the cluster that is there can't be read: {error.what}",)


def _unfinished(store: ClusterStore) -> bool:
    try:
        return store.read_state().unfinished
    except HauiError:
        return False


def _timings(store: ClusterStore) -> Timings:
    """What installs took in the same state folder."""
    stores = []
    for folder in sorted(store.root.iterdir()) if store.root.is_dir() else ():
        try:
            stores.append(ClusterStore(folder.name, store.root))
        except HauiError:
            continue
    return Timings.from_journals(stores)


def _by_step(rows: Iterable[Row]) -> list[list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.step, []).append(row)
    return list(found.values())


def _phases(rows: Sequence[Row], of: int) -> tuple[Entry, ...]:
    return tuple(_step_entry(group, of) for group in _by_step(rows))


def _step_entry(group: Sequence[Row], of: int) -> Entry:
    first = group[0]
    hosts = tuple(row.host for row in group)
    lines = [f"{first.title}  ({first.step})", "", "hosts", f"  {' '.join(hosts)}"]
    if first.explain:
        lines += ["", "why", *(f"  {line}" for line in first.explain.splitlines())]
    if first.disruptive:
        lines += ["", f"! {first.disruptive}"]
    files = dict.fromkeys(f"{file.mode}  {file.shown}" for row in group for file in row.files)
    if files:
        lines += ["", "places", *(f"  {line}" for line in files)]
    scripts = dict.fromkeys((s.part, s.script) for row in group for s in row.scripts)
    if scripts:
        lines += ["", "runs"]
        lines += [f"  {script}.sh  {_PARTS.get(part, part)}" for part, script in scripts]
    needs = {need.partition("@")[0] for row in group for need in row.needs} - {first.step}
    if needs:
        lines += ["", "after", *(f"  {need}" for need in sorted(needs))]
    return Entry(
        label=first.title,
        head=_phase(first.phase),
        note=hosts_text(hosts, of),
        lines=tuple(lines),
        hosts=hosts,
        headings=frozenset({"places", "runs", "after", "why", "hosts"}),
        marked=bool(first.disruptive),
    )


def _phase(name: str) -> str:
    return name.replace("-", " ")


def _hosts(spec: ClusterSpec, rows: Sequence[Row]) -> tuple[Entry, ...]:
    by_host: dict[str, list[Row]] = {host.name: [] for host in spec.hosts}
    for row in rows:
        by_host[row.host].append(row)
    return tuple(
        Entry(
            label=host.name,
            note=f"{len(by_host[host.name])} tasks",
            lines=tuple(_host_lines(host.address, host.roles, by_host[host.name])),
            hosts=(host.name,),
            headings=frozenset(_phase(row.phase) for row in by_host[host.name]),
        )
        for host in spec.hosts
    )


def _host_lines(address: str, roles: Sequence[str], rows: Sequence[Row]) -> list[str]:
    lines = [f"{address}  {', '.join(roles)}"]
    phase = ""
    for number, row in enumerate(rows, 1):
        if row.phase != phase:
            phase = row.phase
            lines += ["", _phase(phase)]
        lines.append(f"  {number:>2}  {row.title}")
        lines += [f"        {file.shown}" for file in row.files]
        if row.disruptive:
            lines.append(f"      ! {row.disruptive}")
    return lines


def _files(plan: Plan, of: int) -> tuple[Entry, ...]:
    found: dict[File, list[str]] = {}
    for task in plan.tasks:
        for file in task.step.work(plan.spec, task.host, {}).files:
            hosts = found.setdefault(file, [])
            if task.host.name not in hosts:
                hosts.append(task.host.name)
    return tuple(
        Entry(
            label=file.path,
            head=file.path.rpartition("/")[0] or "/",
            note=FAMILY_NAMES.get(file.family, hosts_text(hosts, of)),
            lines=tuple(file.content.decode("utf-8", "backslashreplace").splitlines()),
            hosts=tuple(hosts),
            numbered=True,
        )
        for file, hosts in sorted(found.items(), key=lambda item: (item[0].path, item[0].mode))
    )


def _commands(rows: Sequence[Row], of: int) -> tuple[Entry, ...]:
    """Each script once, in the order of its first use, with the values that hosts give it."""
    uses: dict[str, dict[tuple[tuple[str, str], ...], list[str]]] = {}
    about: dict[str, tuple[str, str, str]] = {}
    for row in rows:
        for script in row.scripts:
            env = tuple(sorted(script.env.items()))
            hosts = uses.setdefault(script.script, {}).setdefault(env, [])
            if row.host not in hosts:
                hosts.append(row.host)
            about.setdefault(script.script, (row.phase, row.step, script.part))
    return tuple(_script_entry(name, uses[name], about[name], of) for name in uses)


def _script_entry(
    name: str,
    uses: dict[tuple[tuple[str, str], ...], list[str]],
    about: tuple[str, str, str],
    of: int,
) -> Entry:
    phase, step, part = about
    hosts = tuple(dict.fromkeys(host for on in uses.values() for host in on))
    lines = [f"# {step}: {_PARTS.get(part, part)}"]
    for env, on in uses.items():
        lines.append(f"# on {' '.join(on)}")
        lines += [f"{key}={shlex.quote(value)}" for key, value in env]
    lines += ["", *body(name).splitlines()]
    return Entry(
        label=f"{name}.sh",
        head=_phase(phase),
        note=hosts_text(hosts, of),
        lines=tuple(lines),
        hosts=hosts,
        numbered=True,
    )


def _answers(spec: ClusterSpec, changes: Sequence[str], *, there: bool) -> tuple[Entry, ...]:
    file = Entry(
        label=f"{spec.name}.yaml", note="complete", lines=tuple(dump(spec).splitlines()),
        numbered=True,
    )  # fmt: skip
    passed = spec.preflight.overrides
    if passed:
        said = [line for ref, why in passed.items() for line in (place_of(ref), f"  {why}")]
        note = f"{len(passed)} finding{'' if len(passed) == 1 else 's'}"
        entry = Entry(label="let pass", note=note, lines=tuple(said), marked=True)
        files: tuple[Entry, ...] = (entry, file)
    else:
        files = (file,)
    if not there:
        return files
    lines = tuple(changes) or ("The answers are those of the cluster that is there.",)
    count = f"{len(changes)} differ" if len(changes) != 1 else "1 differs"
    note = count if changes else "none"
    return (Entry(label="changes", note=note, lines=lines, marked=bool(changes)), *files)
