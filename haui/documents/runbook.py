"""The runbook: a plan as a Markdown text by which people build the cluster by hand, without haui.

It goes through the plan step by step; each step is done on all its hosts before the next begins,
which keeps every order that the plan asks for. What several hosts share stands once. Values that
only exist while haui runs (join secrets, the registry's login) are placeholders, and it says how to
get them. One text from its head to its last step, in the order in which it is read.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePosixPath

from haui import __version__
from haui.documents.balancer import balancer_blocks
from haui.documents.markdown import fence, inline, table
from haui.errors import UsageError
from haui.host import FAMILY_NAMES, File
from haui.plan import plan_sha
from haui.spec import ClusterSpec
from haui.step import LANES, Call, Plan, Remote, Step, Task, Work
from steps import containerd, control_plane
from steps.load import parts

FOLDER = "/root/haui"
_LANGUAGES = {
    ".sh": "sh",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".conf": "",
    ".cfg": "",
}
_LOGIN = (
    f"Where `{containerd.LOGIN_PLACEHOLDER}` stands, put in `Basic ` and what "
    "`printf %s 'USER:PASSWORD' | base64 -w 0` prints for the registry's login."
)
_PODS = (
    "Where `<pods of NODE>` stands, put in what "
    "`kubectl get node NODE -o jsonpath={.spec.podCIDR}` prints on a control plane."
)
_SECRETS = """\
Where `{minted}` stands, put in what a control plane that works gives you right before
the join. On {via}:

```sh
kubeadm token create --ttl 30m --print-join-command   # the token and the CA's hash
{upload}```

`{hash}` is what follows `--discovery-token-ca-cert-hash`.{key} After the join
take the secrets back there: `kubeadm token delete TOKEN`{revoke}.
"""
_COMMAND = re.compile(r"^    sh haui-run (.*)$", re.MULTILINE)
_RUN = """\
#!/bin/sh
# haui-run PART…: puts the parts together and runs them.
cat "$@" >now && sh ./now </dev/null
"""


@dataclass(frozen=True, slots=True)
class _Doing:
    """A task with what it does, as shown: values that do not exist yet are placeholders."""

    task: Task
    work: Work

    @property
    def host(self) -> str:
        return self.task.host.name


def runbook(plan: Plan) -> str:
    """The whole document."""
    spec = plan.spec
    doings: dict[str, list[_Doing]] = {}
    for task in plan.tasks:
        doings.setdefault(task.step.id, []).append(_Doing(task, _work(spec, task)))
    blocks = [*_head(plan), *balancer_blocks(spec), *_preparation(spec)]
    phase = ""
    for number, group in enumerate(doings.values(), 1):
        step = group[0].task.step
        if step.phase != phase:
            phase = step.phase
            blocks.append(f"## {phase.capitalize().replace('-', ' ')}")
        blocks += _step(spec, number, step, group)
    blocks += _scripts(blocks)
    return "\n\n".join(blocks) + "\n"


def write_runbook(plan: Plan, out: Path) -> int:
    """`RUNBOOK.md` into the folder of a rendered plan; the number of files, for the sum.

    Raises UsageError when it can't be written.
    """
    path = out / "RUNBOOK.md"
    try:
        path.write_text(runbook(plan), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written", why=str(error)) from error
    return 1


def _work(spec: ClusterSpec, task: Task) -> Work:
    """What the task does, with `<pods of NODE>` for the networks that the cluster hands out."""
    supply = task.step.supply
    on = supply.on(spec, task.host) if supply else ()
    if not on:
        return task.step.work(spec, task.host, {})
    networks = dict(zip((node.name for node in spec.nodes), _examples(spec), strict=False))
    nodes = ";".join(f"{n.name}={n.address}={networks[n.name]}" for n in spec.nodes)
    work = task.step.work(spec, task.host, {"via": on[0], "nodes": nodes})
    names = {network: f"<pods of {name}>" for name, network in networks.items()}
    pattern = re.compile("|".join(map(re.escape, names)))

    def renamed(text: str) -> str:
        return pattern.sub(lambda found: names[found[0]], text)

    def call(call: Call | None) -> Call | None:
        env = {name: renamed(value) for name, value in call.env.items()} if call else {}
        return replace(call, env=env) if call else None

    placed = (replace(f, content=renamed(f.content.decode()).encode()) for f in work.files)
    return Work(probe=call(work.probe), apply=call(work.apply), files=tuple(placed))


def _examples(spec: ClusterSpec) -> Iterator[str]:
    """Networks that stand nowhere else (RFC 2544 and 3849 keep them for tests and examples)."""
    six = ":" in spec.network.pods
    base = ipaddress.ip_address("2001:db8::" if six else "198.18.0.0")
    return (f"{base + number}/{128 if six else 32}" for number in itertools.count(1))


def _head(plan: Plan) -> Iterator[str]:
    spec = plan.spec
    yield f"# Runbook of the cluster {spec.name}"
    yield (
        f"Kubernetes {spec.kubernetes.version} on {len(spec.hosts)} hosts, endpoint "
        f"`{spec.endpoint.name}:{spec.endpoint.port}`. Written by haui {__version__} from plan "
        f"`{plan_sha(plan)[:12]}`: {len(plan.tasks)} tasks."
    )
    yield "Follow it from top to bottom, and do each step on all its hosts before the next one."
    yield table(
        ("host", "address", "roles"),
        [(host.name, host.address, ", ".join(host.roles)) for host in spec.hosts],
    )


def _preparation(spec: ClusterSpec) -> Iterator[str]:
    yield "## Before you begin"
    yield (
        f"Work as root. On each host make the folder `{FOLDER}`, put the parts of the last section "
        "into it under their names, and this file as `haui-run`:"
    )
    yield fence(_RUN, "sh")
    yield "In each new shell on a host say who it is, with its own name and address:"
    first = spec.hosts[0]
    yield fence(
        f"mkdir -p -m 0700 {FOLDER} {FOLDER}/inputs && cd {FOLDER} && umask 022\n"
        f"export HAUI_HOST={first.name} HAUI_ADDRESS={first.address}\n"
        f"export HAUI_INPUTS={FOLDER}/inputs HAUI_CHANGED={FOLDER}/changed\n"
        ": >changed\n",
        "sh",
    )
    yield (
        "Where a step lists files to place, do that first (owner root:root), and write the paths "
        "whose content was another one before into `changed`, one per line; empty it otherwise. "
        "Where it lists inputs, put them into `inputs`, and take them away after the step."
    )
    yield (
        "A check prints one finding a line. The step is done when each line begins with `ok` or "
        "`info`; check before you change anything, too: what is done already needs no change. "
        "`blocked` means that the script can't help; the third column then says what to do."
    )


def _step(spec: ClusterSpec, number: int, step: Step, group: Sequence[_Doing]) -> Iterator[str]:
    yield f"### {number}. {inline(step.title)} ({step.id})"
    hosts = [doing.host for doing in group]
    yield f"On: {', '.join(hosts)}{_manner(step, hosts)}"
    if step.explain:
        yield f"Why: {inline(step.explain)}"
    if step.disruptive:
        yield f"> **Users notice:** {inline(step.disruptive)}"
    yield from _files(group)
    if step.gate:
        yield from _remote(
            "Wait until this check is all `ok`", step, "gate", step.gate, group, spec
        )
    if step.supply:
        yield from _supply(step, step.supply, group, spec)
    own = (("Do", "apply", _applies(group)), ("Check", "probe", _probes(group)))
    yield from _inputs(call for _, _, calls in own for call in calls)
    for lead, part, calls in own:
        yield from _part(lead, part, calls)
    if step.fetch:
        kept = ", ".join(f"`{path}`" for path in step.fetch.values())
        yield f"Keep a copy in a safe place: {kept}."


def _applies(group: Sequence[_Doing]) -> list[tuple[_Doing, Call]]:
    return [(doing, doing.work.apply) for doing in group if doing.work.apply]


def _probes(group: Sequence[_Doing]) -> list[tuple[_Doing, Call]]:
    return [(doing, doing.work.probe) for doing in group if doing.work.probe]


def _manner(step: Step, hosts: Sequence[str]) -> str:
    limit = LANES.get(step.lane or "", 0)
    if len(hosts) < 2 or not limit:
        return ""
    return " — **one host after the other**" if limit == 1 else f" — at most {limit} at once"


def _files(group: Sequence[_Doing]) -> Iterator[str]:
    placed: dict[File, list[str]] = {}
    for doing in group:
        for file in doing.work.files:
            placed.setdefault(file, []).append(doing.host)
    everywhere = len(group)
    for file, hosts in placed.items():
        where = "" if len(hosts) == everywhere else f" on {', '.join(hosts)}"
        system = f" ({FAMILY_NAMES[file.family]})" if file.family else ""
        yield f"Place `{file.path}`, mode {file.mode:04o}{where}{system}:"
        yield _content(file.path, file.content)
        if containerd.LOGIN_PLACEHOLDER.encode() in file.content:
            yield _LOGIN


def _supply(
    step: Step, supply: Remote, group: Sequence[_Doing], spec: ClusterSpec
) -> Iterator[str]:
    candidates = supply.on(spec, group[0].task.host)
    applies = [call for _, call in _applies(group)]
    minted = control_plane.PLACEHOLDERS["token"].encode()
    if any("<pods of" in value for call in applies for value in call.env.values()):
        yield _PODS
        return
    if not any(minted in content for call in applies for content in call.inputs.values()):
        lead = "Ask for the values, which stand for the placeholders and inputs that follow"
        yield from _remote(lead, step, "supply", supply, group, spec)
        return
    plane = step.lane == "control-plane-join"
    upload = (
        "kubeadm init phase upload-certs --upload-certs "
        "--config /etc/haui/kubeadm-init.yaml   # the key\n"
    )
    yield _SECRETS.format(
        minted=control_plane.PLACEHOLDERS["token"],
        hash=control_plane.PLACEHOLDERS["ca_hash"],
        via=candidates[0] if candidates else "a control plane",
        upload=upload if plane else "",
        key=" The certificate key is the line of 64 digits." if plane else "",
        revoke=" and `kubectl -n kube-system delete secret kubeadm-certs`" if plane else "",
    ).rstrip()


def _remote(
    lead: str, step: Step, part: str, remote: Remote, group: Sequence[_Doing], spec: ClusterSpec
) -> Iterator[str]:
    """A script that another host runs; HAUI_HOST and HAUI_ADDRESS are the ones of the task's."""
    on = remote.on(spec, group[0].task.host)
    where = on[0] if on else "another host"
    calls = []
    for doing in group:
        call, host = remote.call(spec, doing.task.host), doing.task.host
        who = {"HAUI_HOST": host.name, "HAUI_ADDRESS": host.address}
        calls.append((doing, replace(call, env={**call.env, **who})))
    yield from _inputs(calls)
    yield from _part(f"{lead}, run on {where}", part, calls)


def _part(lead: str, part: str, calls: Iterable[tuple[_Doing, Call]]) -> Iterator[str]:
    """One script of a step: the command for each group of hosts that share it."""
    same: dict[str, list[str]] = {}
    for doing, call in calls:
        same.setdefault(_command(doing.task.step, part, call), []).append(doing.host)
    for command, hosts in same.items():
        where = f" ({', '.join(hosts)})" if len(same) > 1 else ""
        yield f"{lead}{where}:"
        yield fence(command, "sh")


def _inputs(calls: Iterable[tuple[_Doing, Call]]) -> Iterator[str]:
    """The blobs that scripts find in HAUI_INPUTS, each content once."""
    shown: dict[bytes, tuple[dict[str, None], dict[str, None]]] = {}
    for doing, call in calls:
        for name, content in call.inputs.items():
            names, hosts = shown.setdefault(content, ({}, {}))
            names[name] = hosts[doing.host] = None
    for content, (names, hosts) in shown.items():
        if content:
            yield f"Input {' and '.join(f'`{name}`' for name in names)} ({', '.join(hosts)}):"
            yield _content(next(iter(names)), content)
            continue
        for name in names:
            copied = f"a copy of `/etc/kubernetes/{name}` of the control plane above"
            yield f"Input `{name}`: {copied if name == 'admin.conf' else 'from the values above'}."


def _command(step: Step, part: str, call: Call) -> str:
    env: Mapping[str, str] = {**call.env, "HAUI_STEP": step.id, "HAUI_PART": part}
    words = [f"{name}={shlex.quote(value)}" for name, value in sorted(env.items())]
    names = ["lib.sh", *(f"{name}.sh" for name in parts(call.script))]
    return "env " + " \\\n    ".join([*words, f"sh haui-run {' '.join(names)}"]) + "\n"


def _scripts(blocks: Sequence[str]) -> list[str]:
    """The parts that the commands of `blocks` put together, each once."""
    lines = [line for block in blocks for line in _COMMAND.findall(block)]
    found = ["## Scripts"]
    for name in dict.fromkeys(part for line in lines for part in line.split()):
        stem = name.removesuffix(".sh")
        text = _library() if stem == "lib" else parts(stem)[stem]
        found += [f"### `{name}`", fence(text, "sh")]
    return found


def _library() -> str:
    return (files("haui") / "agent" / "lib.sh").read_text(encoding="utf-8")


def _content(name: str, content: bytes) -> str:
    text = content.decode("utf-8", "backslashreplace")
    return fence(text, _LANGUAGES.get(PurePosixPath(name).suffix, ""))
