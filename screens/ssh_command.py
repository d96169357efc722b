"""The `ssh` command that opens a shell on a host as haui itself would reach it. Pure.

Host keys are looked up where haui keeps them, then in the admin's own file. Secrets are never part
of it: ssh asks for a password or passphrase itself.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from haui.spec import ClusterSpec
from haui.transport.login import Target
from haui.transport.targets import jump_of, target_of


def ssh_argv(spec: ClusterSpec, host: str, known_hosts: Path) -> tuple[str, ...]:
    """The command line for a shell on that host. Raises StopIteration for a host of another name.

    `known_hosts` is the cluster's own file. An unknown key is asked about, a changed one refused.
    A jump host is reached by a command of its own, since ssh's -J would not look into that file.
    """
    target = target_of(spec, spec.host(host))
    argv = ["ssh", *_options(target, known_hosts)]
    jump = jump_of(spec)
    if jump is not None:
        way = ["ssh", *_options(jump, known_hosts), "-W", "[%h]:%p", "--", jump.address]
        argv += ["-o", f"ProxyCommand={shlex.join(way)}"]
    return (*argv, "--", target.address)


def _options(target: Target, known_hosts: Path) -> list[str]:
    files = f'UserKnownHostsFile="{known_hosts}" ~/.ssh/known_hosts'
    options = ["-l", target.user, "-p", str(target.port)]
    options += ["-o", files, "-o", "StrictHostKeyChecking=ask", "-o", "UpdateHostKeys=no"]
    options += ["-o", "ForwardAgent=no", "-o", "ForwardX11=no"]
    if target.key:
        options += ["-i", str(Path(target.key).expanduser()), "-o", "IdentitiesOnly=yes"]
    elif not target.agent and target.password:
        options += ["-o", "PubkeyAuthentication=no"]
    return options
