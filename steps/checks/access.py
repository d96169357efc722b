"""How haui gets in: sudo, shell, sshd, and whether the look at the host came to its end."""

from __future__ import annotations

from steps.checks.check import Answer, Check, Look, blocks, passes, words


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

CHECKS: tuple[Check, ...] = (COMPLETE,)
