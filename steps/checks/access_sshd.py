"""What sshd is set up for: sessions, logins at once, quiet connections."""

from __future__ import annotations

from steps.checks import thresholds
from steps.checks.check import Answer, Check, Fix, Look, command, passes, skips, warns


def _sshd(look: Look) -> dict[str, str]:
    said: dict[str, str] = {}
    for keyword, value in look.facts.rows("sshd", 2):
        said.setdefault(keyword, value)
    return said


_UNKNOWN = "sshd -T did not say how sshd is set up"


def _sessions(look: Look) -> Answer:
    said = _sshd(look).get("maxsessions", "")
    if not said.isdecimal():
        return skips(_UNKNOWN)
    if int(said) >= thresholds.SSHD_SESSIONS:
        return passes(f"MaxSessions {said}")
    return warns(
        f"MaxSessions {said}",
        _set_in_sshd("MaxSessions", "10"),
        f"MaxSessions {thresholds.SSHD_SESSIONS} or more",
    )


def _startups(look: Look) -> Answer:
    said = _sshd(look).get("maxstartups", "")
    first = said.partition(":")[0]
    if not first.isdecimal():
        return skips(_UNKNOWN)
    if int(first) >= thresholds.SSHD_STARTUPS:
        return passes(f"MaxStartups {said}")
    return warns(
        f"MaxStartups {said}",
        _set_in_sshd("MaxStartups", "10:30:100"),
        f"MaxStartups {thresholds.SSHD_STARTUPS} or more",
    )


def _idle(look: Look) -> Answer:
    sshd = _sshd(look)
    if not sshd:
        return skips(_UNKNOWN)
    interval, count = sshd.get("clientaliveinterval", ""), sshd.get("clientalivecountmax", "")
    patience = int(interval) * int(count) if interval.isdecimal() and count.isdecimal() else 0
    cut = sshd.get("channeltimeout", "none")
    if cut != "none":
        return warns(
            f"ChannelTimeout {cut}", _set_in_sshd("ChannelTimeout", "none"), "ChannelTimeout none"
        )
    if 0 < patience < thresholds.SSHD_PATIENCE_S:
        return warns(
            f"sshd gives up a silent client after {patience} s "
            f"(ClientAliveInterval {interval}, ClientAliveCountMax {count})",
            _set_in_sshd("ClientAliveCountMax", str(-(-120 // int(interval)))),
            f"{thresholds.SSHD_PATIENCE_S} s or more",
        )
    return passes("sshd keeps quiet connections")


def _set_in_sshd(keyword: str, value: str) -> Fix:
    """The first value counts, so it is put in front. Nothing of it is text of the host."""
    return command(
        f"Set {keyword} {value} in /etc/ssh/sshd_config and reload sshd.",
        f"sed -i '1i {keyword} {value}' /etc/ssh/sshd_config && sshd -t && "
        "{ systemctl reload ssh || systemctl reload sshd; }",
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="ssh.sessions",
        title="Sessions of one connection",
        area="ssh",
        why="haui uses one connection to a host for several things at once; further ones would "
        "be refused and tried again.",
        look=_sessions,
    ),
    Check(
        id="ssh.startups",
        title="Connections that log in at once",
        area="ssh",
        why="sshd drops logins at random when too many come at once.",
        look=_startups,
    ),
    Check(
        id="ssh.idle",
        title="Quiet connections",
        area="ssh",
        why="Connections would break while a long step runs; haui dials again each time.",
        look=_idle,
    ),
)
