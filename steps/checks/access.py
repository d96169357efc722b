"""How haui gets in: sudo, shell, sshd, and whether the looks at the host came to their ends."""

from __future__ import annotations

from pathlib import PurePosixPath

from steps.checks import access_sshd, thresholds
from steps.checks.check import (
    Answer,
    Check,
    Look,
    blocks,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)

_POSIX_SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh")
_NO_SHELLS = ("nologin", "false", "true", "sync", "halt", "shutdown")
_LECTURE = "great power comes great responsibility"
_NO_NAME = "unable to resolve host"
_NAME_ITSELF = "printf '127.0.1.1 %s\\n' \"$(hostname)\" >>/etc/hosts"


def _complete(look: Look) -> Answer:
    reading = look.reading()
    if look.facts.complete and reading is not None and reading.status == 0:
        return passes("every fact was told")
    if reading is None:
        return blocks("the host was not asked", words("Run the preflight again."))
    said = " · ".join(reading.stderr.splitlines()[-3:])
    seen = f"{len(look.facts.keys)} facts, then exit status {reading.status}"
    return blocks(
        f"{seen}: {said}" if said else seen,
        words("Log in and look why /bin/sh ends early: a full disk, no memory, a broken /bin."),
        "all facts of the host",
    )


COMPLETE = Check(
    id="ssh.facts",
    title="Facts of the host",
    area="ssh",
    why="A host that can't tell about itself can't be installed.",
    look=_complete,
    overridable=False,
)


def _answered(step: str, title: str) -> Check:
    """Whether another look of the preflight came to its end."""

    def look_at(look: Look) -> Answer:
        reading = look.reading(step)
        if reading is None:
            return skips("the host was not asked")
        if reading.status == 0 and look.of(step).complete:
            return passes("it came to its end")
        said = " · ".join(reading.stderr.splitlines()[-3:])
        status = f"exit status {reading.status} before its end"
        return blocks(
            f"{status}: {said}" if said else status,
            words("Look at the host's load, disks and network, then run the preflight again."),
            "an answer in time",
        )

    return Check(
        id=f"ssh.{step.rpartition('.')[2]}",
        title=title,
        area="ssh",
        why="What could not be looked at may stop the install later.",
        look=look_at,
        step=step,
    )


def _clean(look: Look) -> Answer:
    reading = look.reading()
    noise = " · ".join(reading.noise.splitlines()) if reading is not None else ""
    if not noise:
        return passes("nothing was printed before the script")
    if _LECTURE in noise:
        return tells("sudo lectures the login")
    if _NO_NAME in noise:
        fix = command("Let the host know its own name.", _NAME_ITSELF)
    else:
        user = look.facts.one("ssh.user") or "the login"
        fix = words(
            f"See that the shell profile of {user} (~/.bashrc, ~/.profile, /etc/profile.d) prints "
            "nothing when there is no terminal."
        )
    return warns(noise, fix, "nothing but what a command prints")


def _shell(look: Look) -> Answer:
    shell = look.facts.one("ssh.shell")
    if shell is None:
        return skips("no account database of the host names the login's shell")
    name = PurePosixPath(shell).name
    if name in _NO_SHELLS:
        user = look.facts.one("ssh.user") or "the login"
        return blocks(
            shell, words(f"Give {user} a shell (chsh -s /bin/sh {user})."), "a shell like /bin/bash"
        )
    if name in _POSIX_SHELLS:
        return passes(shell)
    return tells(shell, expected="a shell like /bin/bash; haui hands its scripts to /bin/sh")


def _sudo_path(look: Look) -> Answer:
    if look.facts.yes("ssh.sudo") is not True:
        return passes("sudo is not used")
    path = look.facts.one("ssh.path")
    if path is None:
        return passes("sudo sets no path of its own")
    folders = {folder.rstrip("/") for folder in path.split(":")}
    missing = [folder for folder in thresholds.SUDO_PATH if folder not in folders]
    if not missing:
        return passes(path)
    wanted = ":".join(thresholds.SUDO_PATH)
    return warns(
        f"{path} lacks {', '.join(missing)}",
        command(
            "Name them in secure_path.",
            f"printf 'Defaults secure_path=\"{wanted}\"\\n' >/etc/sudoers.d/zz-secure-path && "
            "chmod 0440 /etc/sudoers.d/zz-secure-path",
        ),
        wanted,
    )


def _umask(look: Look) -> Answer:
    said = look.facts.one("ssh.umask") or ""
    try:
        mask = int(said, 8)
    except ValueError:
        return skips("the host did not tell its umask")
    if not mask & 0o055:
        return passes(said)
    return warns(
        said,
        words(
            "haui sets its own, so the install is not in danger. Set umask 022 for root before "
            "packages are installed or kubeadm is run by hand."
        ),
        "0022",
    )


def _managers(look: Look) -> Answer:
    agents = look.facts.all("ssh.manager")
    if not agents:
        return passes("none is active")
    units = [agent for agent in agents if agent.endswith((".service", ".timer"))]
    known = [unit for unit in units if unit in thresholds.MANAGERS]
    advice = "Pause it while haui works, and let it leave alone what haui sets up."
    if len(known) == len(agents):
        return warns(", ".join(agents), command(advice, f"systemctl stop {' '.join(known)}"))
    return warns(", ".join(agents), words(advice))


CHECKS: tuple[Check, ...] = (
    COMPLETE,
    Check(
        id="ssh.clean",
        title="Clean channel",
        area="ssh",
        why="What a profile prints, or asks, can hold up or garble every command.",
        look=_clean,
    ),
    Check(
        id="ssh.shell",
        title="Login shell",
        area="ssh",
        why="Commands are run through the login's shell.",
        look=_shell,
        page="access",
    ),
    Check(
        id="ssh.secure-path",
        title="Path under sudo",
        area="ssh",
        why="haui names its own path; you would not find kubeadm and ip with sudo later.",
        look=_sudo_path,
        marker="ssh.sudo",
    ),
    *access_sshd.CHECKS,
    Check(
        id="ssh.umask",
        title="Umask of root",
        area="ssh",
        why="Files that packages or you create would not be readable by services.",
        look=_umask,
    ),
    Check(
        id="ssh.managers",
        title="Configuration management",
        area="ssh",
        why="It may undo, in the middle of the install, what haui has just set up.",
        look=_managers,
        marker="ssh.user",
    ),
    _answered("preflight.supply", "Answer about packages and images"),
    _answered("preflight.disk", "Answer about the speed of the disk"),
    _answered("preflight.listen", "Answer about listening"),
    _answered("preflight.reach", "Answer about the way to other hosts"),
    _answered("preflight.clear", "Answer about taking the listeners down"),
)
