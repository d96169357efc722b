"""The machine that haui runs on: is it fit for leading an install?

It is looked at like a host, before the first one is dialled: `haui.execution.bastion_facts` tells
facts, these checks judge them.
"""

from __future__ import annotations

import shlex

from haui.events import Finding
from haui.evidence import Evidence
from haui.spec import ClusterSpec, HostSpec
from steps.checks import thresholds
from steps.checks.check import (
    NO_FIX,
    Answer,
    Check,
    Look,
    answer,
    blocks,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)

NAME = "bastion"
"""The name under which this machine is looked at."""
STEP = "preflight.bastion"
_REMOTE = ("nfs", "cifs", "smb", "fuse.sshfs", "ceph", "glusterfs", "9p", "afs", "lustre")


def findings(spec: ClusterSpec, evidence: Evidence) -> tuple[Finding, ...]:
    """What the checks say of the bastion."""
    this = HostSpec.model_construct(name=NAME, address="", roles=())
    look = Look(spec, this, evidence)
    return tuple(check.finding(look) for check in CHECKS)


def _terminal(look: Look) -> Answer:
    facts = look.of(STEP)
    rows = facts.rows("terminal", 2)
    if not rows:
        return passes("there is no terminal")
    encoding = facts.one("encoding") or "unknown"
    seen = f"{rows[0][0]}×{rows[0][1]}, {encoding}"
    columns, lines = (int(part) if part.isdecimal() else 0 for part in rows[0])
    least = thresholds.TERMINAL
    if columns < least[0] or lines < least[1] or encoding.replace("-", "") != "utf8":
        return warns(
            seen,
            words("Make the window larger, and set LANG to a UTF-8 locale, e.g. C.UTF-8."),
            f"{least[0]}×{least[1]} or more, utf-8",
        )
    return passes(seen)


def _space(look: Look) -> Answer:
    facts = look.of(STEP)
    free, folder = facts.count("state.free.mb"), facts.one("state.folder") or "the state folder"
    if free is None:
        return skips("the file system did not say how much is free")
    seen = f"{free} MB free in {folder}"
    fix = words("Make room there, or set HAUI_STATE_DIR to another folder.")
    if free < thresholds.STATE_MB:
        return blocks(seen, fix, f"{thresholds.STATE_MB} MB or more")
    if free < thresholds.STATE_ROOMY_MB:
        return warns(seen, fix, f"{thresholds.STATE_ROOMY_MB} MB or more")
    return passes(seen)


def _state(look: Look) -> Answer:
    facts = look.of(STEP)
    folder, mode = facts.one("state.folder"), facts.one("state.mode")
    if folder is None or mode is None:
        return skips("the state folder could not be looked at")
    kind = facts.one("state.filesystem") or ""
    if kind.startswith(_REMOTE):
        return warns(
            f"{folder} is on {kind}",
            words("Set HAUI_STATE_DIR to a folder on a disk of this machine."),
            "a local file system, whose locks hold",
        )
    if _is_open(mode):
        return warns(
            f"{folder} has mode {mode}",
            command("Close it to others.", f"chmod 700 {shlex.quote(folder)}"),
            "mode 0700",
        )
    return passes(f"{folder}, mode {mode}")


def _is_open(mode: str) -> bool:
    """Whether others than the owner may do something; also what is no mode counts as that."""
    try:
        return bool(int(mode, 8) & 0o077)
    except ValueError:
        return True


def _key(look: Look) -> Answer:
    rows = look.of(STEP).rows("key", 2)
    if not rows:
        return passes("no key file is named")
    broken = [f"{path} is {state}" for state, path in rows if state in ("absent", "unreadable")]
    if broken:
        return blocks(
            ", ".join(broken), answer("Name the key that the hosts know (ssh.key).", "access")
        )
    opened = [path for mode, path in rows if _is_open(mode)]
    if opened:
        seen = ", ".join(f"{path} has mode {mode}" for mode, path in rows if path in opened)
        quoted = " ".join(shlex.quote(path) for path in opened)
        return warns(seen, command("Close it to others.", f"chmod 600 {quoted}"), "mode 0600")
    return passes(", ".join(path for _, path in rows))


def _agent(look: Look) -> Answer:
    said = look.of(STEP).one("agent")
    if not look.spec.ssh.agent:
        return passes("no agent is asked for")
    if said is None:
        return skips("the agent was not asked")
    if said.isdecimal() and int(said) > 0:
        return passes(f"{said} keys")
    seen = "it holds no key" if said == "0" else said
    fix = words("Start an agent and give it the key: eval $(ssh-agent); ssh-add.")
    other = look.spec.ssh.key or look.spec.ssh.password
    return (warns if other else blocks)(seen, fix, "an agent with a key")


def _tools(look: Look) -> Answer:
    found = dict(row for row in look.of(STEP).rows("tool", 2) if len(row) == 2)
    if "kubectl" in found:
        return passes(", ".join(found.values()))
    seen = ", ".join(found.values())
    return tells(
        f"no kubectl here{', but ' + seen if seen else ''}",
        words("Install kubectl to use the cluster from here; haui itself does not need it."),
    )


def _target(look: Look) -> Answer:
    own = look.of(STEP).all("own")
    if not own:
        return passes("it is no host of the cluster")
    return tells(f"this machine is {', '.join(own)}", NO_FIX)


CHECKS: tuple[Check, ...] = (
    Check(
        id="bastion.space",
        title="Room for the journal",
        area="disks",
        why="A journal that can't be written stops the install.",
        look=_space,
        step=STEP,
    ),
    Check(
        id="bastion.state",
        title="State folder",
        area="disks",
        why="It holds the cluster's admin credentials, and locks out a second haui.",
        look=_state,
        step=STEP,
    ),
    Check(
        id="bastion.key",
        title="Key file",
        area="ssh",
        why="Without it nobody logs in; a key that others can read is no secret.",
        look=_key,
        step=STEP,
        page="access",
    ),
    Check(
        id="bastion.agent",
        title="SSH agent",
        area="ssh",
        why="The cluster file says that its keys are used.",
        look=_agent,
        step=STEP,
        page="access",
    ),
    Check(
        id="bastion.terminal",
        title="Terminal",
        area="system",
        why="Pages would be cut, and drawings be made of other characters.",
        look=_terminal,
        step=STEP,
    ),
    Check(
        id="bastion.tools",
        title="Tools for the cluster",
        area="kubernetes",
        why="The cluster is used with kubectl once it stands.",
        look=_tools,
        step=STEP,
    ),
    Check(
        id="bastion.target",
        title="This machine is a host",
        area="fleet",
        why="haui never restarts it; a step that restarts its network would end this session.",
        look=_target,
        step=STEP,
    ),
)
