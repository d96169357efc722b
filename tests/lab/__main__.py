"""The lab's command line: `python -m tests.lab COMMAND`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from tests.lab import cgroups, ready
from tests.lab.cache import BuildFailed
from tests.lab.lab import Lab, LabDown
from tests.lab.machine import HostNotReady, in_bastion

CANNOT = 3

Does = Callable[[Lab, argparse.Namespace], int]


def say(line: str) -> None:
    """Progress is talk: on stderr, so that `run` and `exec` keep stdout for the command."""
    print(line, file=sys.stderr, flush=True)


def check(lab: Lab, _: argparse.Namespace) -> int:
    """Say whether this machine can boot the lab."""
    reason = ready.why_not(lab.cache)
    if reason:
        print(f"cannot: {reason}")
        return CANNOT
    print(f"can ({cgroups.layout()}; cache: {', '.join(lab.cache.missing()) or 'nothing'} missing)")
    return 0


def build(lab: Lab, _: argparse.Namespace) -> int:
    """Fill the cache and say what a contributor brought."""
    lab.build()
    for folder in ("bin", "images", "debs"):
        names = [file.name for file in lab.cache.extra(folder)]
        print(f"extra/{folder}: {', '.join(names) or 'nothing'}")
    brought = " ".join(f.name for d in ("bin", "images") for f in lab.cache.extra(d))
    without = [x for x in ("kube-vip", "coredns", "flannel", "crictl") if x not in brought]
    print(f"done without: {', '.join(without) or 'nothing'}")
    return 0


def up(_: Lab, args: argparse.Namespace) -> int:
    """Boot the lab."""
    lab = Lab.up(
        *(args.control_planes, args.workers, args.load_balancers, args.extra, args.etcd),
        args.sudo,
        say,
    )
    print(f"hosts: {' '.join(f'{h.name}={h.address}' for h in lab.hosts.values())}")
    print(f"cluster file: {lab.dir}/lab.yaml")
    print("log in: python -m tests.lab ssh cp1")
    print(f"install: python -m tests.lab run -- haui apply {lab.dir}/lab.yaml")
    return 0


def down(lab: Lab, _: argparse.Namespace) -> int:
    """Remove the lab."""
    lab.down()
    return 0


def status(lab: Lab, _: argparse.Namespace) -> int:
    """One line per host."""
    for name, host in lab.hosts.items():
        init = lab.machine(name).init()
        state = "off"
        if init:
            answer = lab.exec(name, ["systemctl", "is-system-running"])
            state = f"{answer.stdout.decode().strip()} (process {init.pid})"
        print(f"{name:5} {host.address:12} {state}")
    return 0


def run(lab: Lab, args: argparse.Namespace) -> int:
    """Run a command on the bastion."""
    return _become(in_bastion(_words(args)), lab.environment())


def ssh(lab: Lab, args: argparse.Namespace) -> int:
    """Log in to a host, or run a command there, as the admin."""
    return _become(lab.ssh_command(args.host, _words(args)), dict(os.environ))


def exec_(lab: Lab, args: argparse.Namespace) -> int:
    """Run a command in a host as root."""
    return _become(lab.machine(args.host).command(_words(args) or ["bash"]), dict(os.environ))


def _become(argv: Sequence[str], environment: dict[str, str]) -> int:
    os.execvpe(argv[0], list(argv), environment)


def _switch(act: Callable[[Lab, str], None]) -> Does:
    def does(lab: Lab, args: argparse.Namespace) -> int:
        act(lab, args.host)
        return 0

    return does


def _words(args: argparse.Namespace) -> list[str]:
    words: list[str] = args.words
    return words[1:] if words[:1] == ["--"] else words


def parser() -> argparse.ArgumentParser:
    """All commands and their flags."""
    top = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, does: Does) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=(does.__doc__ or name).strip())
        made.set_defaults(does=does)
        return made

    for does in (check, build, down, status):
        command(does.__name__, does)
    boot = command("up", up)
    boot.add_argument("--control-planes", type=int, default=3)
    boot.add_argument("--workers", type=int, default=2)
    boot.add_argument("--load-balancers", type=int, default=0)
    boot.add_argument("--extra", type=int, default=0)
    boot.add_argument("--etcd", type=int, default=0)
    boot.add_argument("--sudo", choices=("password", "nopasswd"), default="password")
    command("run", run).add_argument("words", nargs=argparse.REMAINDER)
    for one in (command("ssh", ssh), command("exec", exec_)):
        one.add_argument("host")
        one.add_argument("words", nargs=argparse.REMAINDER)
    switches = {
        "power-off": (Lab.power_off, "Cut the power of a host."),
        "power-on": (Lab.power_on, "Boot a host again on its disk."),
        "reboot": (Lab.reboot, "Cut the power and boot again."),
        "cut": (Lab.cut, "Pull the network cable of a host."),
        "join": (Lab.join, "Plug it in again."),
    }
    for name, (act, summary) in switches.items():
        made = commands.add_parser(name, help=summary)
        made.add_argument("host")
        made.set_defaults(does=_switch(act))
    return top


def main() -> int:
    """Run one command; a problem is one line on stderr."""
    args = parser().parse_args()
    try:
        code: int = args.does(Lab(say), args)
    except (LabDown, HostNotReady, BuildFailed, RuntimeError, ValueError) as problem:
        say(f"lab: {problem}")
        return 1
    except subprocess.CalledProcessError as problem:
        say(f"lab: {problem.cmd[0]} failed: {(problem.stderr or b'')!r}")
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
