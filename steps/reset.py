"""What `haui reset` does: the hosts go back to what they were before haui came.

A plan of its own, made of CATALOGUE alone; the plan of an install never contains it. On its own
host a step follows those before it. Between hosts `needs` is an order and no condition: a host that
can't be reached keeps no other one from being reset (haui/resetting.py makes it so), hence a step
may not rely on what it needs on other hosts having succeeded.

Every script finds in its environment:

- HAUI_RESET: `cluster` when all of the cluster goes, `hosts` when only some workers leave it;
- HAUI_ETCD_DATA: `remove` only when the admin has typed the cluster's name for it, else `keep`:
  what a host has of etcd's data then stays on it, set aside.

Tasks of other runs may still be alive on a host when a reset begins (an install that was left), and
must be ended before anything is taken back. Each step may be killed anywhere and is then run again.
"""

from __future__ import annotations

from dataclasses import dataclass

from haui.step import Step

CATALOGUE: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What stays different on a host that was reset: `what` for people, and `why`.

    `where` are the paths (shell patterns) or other names (`package:NAME`, `sysctl:KEY`,
    `user:NAME`, `module:NAME`) that are meant, for whoever compares.
    """

    what: str
    why: str
    where: tuple[str, ...] = ()


REMAINS: tuple[Remains, ...] = ()
