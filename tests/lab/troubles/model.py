"""Troubles of hosts and cluster files: how each is made, what must be found, and what mends it.

`mend` "fix" means that the finding's own command is run on the host as it stands. Where the finding
says that haui does it, or names something that only hands can do, `mend` stands in for that.
"""

from __future__ import annotations

from dataclasses import dataclass

WORKERS = ("wk1", "wk2", "wk3", "wk4")
PLANES = ("cp3", "cp2", "cp1")
OUTSIDER = "x1"
VIP = "10.77.0.100"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One trouble of one host. `hosts` are those that it may be made on, the best first.

    `elsewhere`: the finding is expected on another host than the broken one. `also` are checks that
    may say something on the broken host as well, `spread` those that may on any host. `rehearsed`:
    only trying things out between the hosts finds it. `twin` is run on cp1 first; what it prints is
    the standard input of `make`.
    """

    name: str
    make: str
    check: str = ""
    verdict: str = "blocked"
    seen: str
    mend: str = "fix"
    undo: str = ""
    hosts: tuple[str, ...] = WORKERS
    elsewhere: bool = False
    alone: bool = False
    rehearsed: bool = False
    twin: str = ""
    also: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()


def unit(name: str, more: str = "") -> str:
    """A script that writes a service which stays active."""
    text = f"[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\n{more}"
    text += "[Install]\\nWantedBy=multi-user.target\\n"
    return f"printf '{text}' >/etc/systemd/system/{name}; systemctl daemon-reload"


def no_unit(name: str) -> str:
    """A script that takes it away again."""
    return (
        f"systemctl disable -q --now {name} 2>/dev/null; systemctl unmask -q {name};"
        f" rm -f /etc/systemd/system/{name}; systemctl daemon-reload;"
        f" systemctl reset-failed {name} 2>/dev/null; true"
    )


def in_background(name: str, command: str) -> str:
    """A script that leaves something running."""
    return f"systemd-run -q --collect --unit={name} {command}; sleep 0.3"


FAKE = "/usr/local/bin"


def fake(name: str, body: str) -> str:
    """A script that puts a program in front of the real one."""
    return f"printf '%s\\n' '#!/bin/sh' '{body}' >{FAKE}/{name}; chmod 755 {FAKE}/{name}"
