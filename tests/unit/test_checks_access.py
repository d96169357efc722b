"""How haui gets in: what is judged, and what the script tells of a faked host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haui.events import Finding
from haui.evidence import Evidence, Facts
from haui.spec import ClusterSpec
from haui.transport.login import KEEPALIVE_COUNT, KEEPALIVE_S
from steps.checks import BY_ID, FACTS, Look
from steps.checks import thresholds as limits
from tests.unit.checks import ask, fleet
from tests.unit.shell_host import ShellHost, with_systemctl
from tests.unit.specs import spec


def sshd(**changes: str) -> dict[str, object]:
    said = {"maxsessions": "10", "maxstartups": "10:30:100", "clientaliveinterval": "0"}
    said |= {"clientalivecountmax": "3", "channeltimeout": "none", **changes}
    return {"sshd": [f"{keyword} {value}" for keyword, value in said.items() if value]}


@pytest.mark.parametrize(
    ("check", "changes", "verdict", "seen"),
    [
        ("ssh.facts", {}, "ok", "every fact"),
        ("ssh.shell", {}, "ok", "/bin/bash"),
        ("ssh.shell", {"ssh.shell": "/usr/bin/zsh"}, "ok", "/usr/bin/zsh"),
        ("ssh.shell", {"ssh.shell": "/usr/bin/fish"}, "info", "fish"),
        ("ssh.shell", {"ssh.shell": "/bin/tcsh"}, "info", "tcsh"),
        ("ssh.shell", {"ssh.shell": "/usr/sbin/nologin"}, "blocked", "nologin"),
        ("ssh.shell", {"ssh.shell": "/bin/false"}, "blocked", "false"),
        ("ssh.shell", {"ssh.shell": None}, "skipped", "no account"),
        ("ssh.secure-path", {"ssh.sudo": "no"}, "ok", "not used"),
        ("ssh.secure-path", {"ssh.sudo": "yes"}, "ok", "no path"),
        ("ssh.secure-path", {"ssh.sudo": "yes", "ssh.path": ":".join(limits.SUDO_PATH)}, "ok", ""),
        (
            "ssh.secure-path",
            {"ssh.sudo": "yes", "ssh.path": "/usr/bin:/bin"},
            "warning",
            "lacks /usr/local/sbin, /usr/local/bin, /usr/sbin, /sbin",
        ),
        ("ssh.sessions", sshd(), "ok", "MaxSessions 10"),
        ("ssh.sessions", sshd(maxsessions=str(limits.SSHD_SESSIONS)), "ok", ""),
        ("ssh.sessions", sshd(maxsessions=str(limits.SSHD_SESSIONS - 1)), "warning", "7"),
        ("ssh.sessions", sshd(maxsessions=""), "skipped", "sshd -T"),
        ("ssh.sessions", sshd(maxsessions="many"), "skipped", "sshd -T"),
        ("ssh.startups", sshd(maxstartups=f"{limits.SSHD_STARTUPS}:30:60"), "ok", ""),
        ("ssh.startups", sshd(maxstartups="2:50:10"), "warning", "MaxStartups 2:50:10"),
        ("ssh.startups", sshd(maxstartups=""), "skipped", ""),
        ("ssh.idle", sshd(), "ok", ""),
        ("ssh.idle", sshd(clientaliveinterval="5", clientalivecountmax="3"), "ok", ""),
        ("ssh.idle", sshd(clientaliveinterval="7", clientalivecountmax="2"), "warning", "14 s"),
        ("ssh.idle", sshd(clientaliveinterval="5", clientalivecountmax="0"), "ok", ""),
        ("ssh.idle", sshd(channeltimeout="session=5m"), "warning", "session=5m"),
        ("ssh.idle", {"sshd": None}, "skipped", ""),
        ("ssh.umask", {}, "ok", "0022"),
        ("ssh.umask", {"ssh.umask": "0002"}, "ok", ""),
        ("ssh.umask", {"ssh.umask": "0027"}, "warning", "0027"),
        ("ssh.umask", {"ssh.umask": "0077"}, "warning", "0077"),
        ("ssh.umask", {"ssh.umask": "u=rwx"}, "skipped", ""),
        ("ssh.umask", {"ssh.umask": None}, "skipped", ""),
        ("ssh.managers", {}, "ok", ""),
        ("ssh.managers", {"ssh.manager": "puppet.service"}, "warning", "puppet.service"),
        ("ssh.managers", {"ssh.manager": "cron /etc/cron.d/chef"}, "warning", "cron"),
    ],
)
def test_verdicts(check: str, changes: dict[str, object], verdict: str, seen: str) -> None:
    found = ask(check, changes)
    assert found.verdict == verdict, found
    assert seen in found.seen


def noisy(noise: str) -> Finding:
    cluster: ClusterSpec = spec()
    evidence: Evidence = fleet(cluster)
    reading = evidence.reading(FACTS, "cp1")
    assert reading is not None
    evidence.keep(FACTS, "cp1", replace(reading, noise=noise))
    return BY_ID["ssh.clean"].finding(Look(cluster, cluster.host("cp1"), evidence))


def test_a_clean_channel() -> None:
    assert noisy("").verdict == "ok"
    found = noisy("Welcome to\nthe machine")
    assert (found.verdict, found.seen) == ("warning", "Welcome to · the machine")
    assert "profile of root" in found.fix
    lecture = "#2) Think before you type.\n#3) With great power comes great responsibility."
    assert noisy(lecture).verdict == "info"
    named = noisy("sudo: unable to resolve host x: Name or service not known")
    assert (named.verdict, named.fix_kind) == ("warning", "command")
    assert "hostname" in named.fix_with


@pytest.mark.parametrize("step", ["supply", "disk", "listen", "reach", "clear"])
def test_each_later_look_must_have_come_to_its_end(step: str) -> None:
    cluster = spec()
    evidence = fleet(cluster)
    look = Look(cluster, cluster.host("cp1"), evidence)
    check = BY_ID[f"ssh.{step}"]
    assert check.finding(look).verdict == "ok"
    reading = evidence.reading(f"preflight.{step}", "cp1")
    assert reading is not None
    evidence.keep(f"preflight.{step}", "cp1", replace(reading, status=124, stderr="no\ntime"))
    found = check.finding(look)
    assert (found.verdict, found.seen) == ("blocked", "exit status 124 before its end: no · time")
    del evidence.readings[f"preflight.{step}"]
    assert check.finding(look).verdict == "skipped"


def test_agents_that_are_no_units_of_ours_are_never_in_a_command() -> None:
    """The names come from the host, and a command is executed as it stands."""
    found = ask("ssh.managers", {"ssh.manager": ["puppet.service", "x; reboot.service"]})
    assert (found.verdict, found.fix_kind, found.fix_with) == ("warning", "", "")
    known = ask("ssh.managers", {"ssh.manager": ["puppet.service", "chef-client.timer"]})
    assert known.fix_with == "systemctl stop puppet.service chef-client.timer"


def test_sshd_is_to_be_as_patient_as_haui() -> None:
    assert limits.SSHD_PATIENCE_S == KEEPALIVE_S * KEEPALIVE_COUNT


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return ShellHost(tmp_path)


def told(host: ShellHost) -> Facts:
    ran = host.run("preflight_facts_probe")
    assert ran.status == 0, ran.stderr
    return Facts(ran.stdout)


SSHD = "printf 'port 22\\nmaxsessions 4\\nmaxstartups 10:30:100\\nchanneltimeout none\\n'"


def test_the_script_tells_all(host: ShellHost) -> None:
    state = with_systemctl(host)
    host.write("/run/systemd/system/x", "")
    units = (
        'while [ "$1" != -- ]; do shift || exit 0; done; shift\n'
        'for unit; do printf "Id=%s\\nLoadState=loaded\\n" "$unit"\n'
        'grep -qx "$unit" "$STATE/active" && echo ActiveState=active; echo; done'
    )
    host.fake("systemctl", units)
    (state / "active").write_text("salt-minion.service\nansible-pull.timer\n")
    host.write("/etc/cron.d/agent", "*/30 * * * * root /usr/bin/puppet agent --onetime\n")
    host.write("/etc/cron.d/other", "* * * * * root true\n")
    host.write("/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAA root@x\n")
    host.fake("sshd", SSHD)
    host.fake("getent", "echo 'ops:x:1000:1000::/home/ops:/usr/bin/fish'")
    host.fake("sudo", 'echo "Value to override user\'s \\$PATH with: /usr/bin:/bin"')
    host.env["SUDO_USER"] = "ops"
    facts = told(host)
    assert facts.one("ssh.user") == "ops"
    assert facts.yes("ssh.sudo") is True
    assert facts.one("ssh.shell") == "/usr/bin/fish"
    assert facts.one("ssh.path") == "/usr/bin:/bin"
    assert facts.rows("ssh.hostkey", 2) == (("ssh-ed25519", "AAAA"),)
    assert facts.rows("sshd", 2) == (
        ("maxsessions", "4"), ("maxstartups", "10:30:100"), ("channeltimeout", "none"),
    )  # fmt: skip
    agents = {*facts.all("ssh.manager")} - {"cron /etc/cron.d/agent"}
    assert agents == {"salt-minion.service", "ansible-pull.timer"} <= limits.MANAGERS
    assert len(facts.all("ssh.manager")) == 3
    assert int(facts.one("ssh.umask") or "", 8) >= 0


DEBIAN = "Include /etc/ssh/sshd_config.d/*.conf\n# MaxSessions 2\nUsePAM yes\n"


def test_sshd_is_not_asked_where_nothing_but_its_defaults_can_count(host: ShellHost) -> None:
    host.fake("sshd", SSHD)
    host.write("/etc/ssh/sshd_config", DEBIAN)
    host.write("/etc/ssh/sshd_config.d/a.conf", "PrintMotd no\n")
    rows = set(told(host).all("sshd"))
    assert rows > {"maxsessions 10", "maxstartups 10:30:100", "clientaliveinterval 0"}
    assert not [call for call in host.calls if call.startswith("sshd")]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("sshd_config.d/a.conf", "  maxsessions 4"),
        ("sshd_config.d/a.conf", "MaxStartups=10"),
        ("sshd_config.d/a.conf", "Match User ops"),
        ("sshd_config", 'Include "/srv/sshd/*.conf"'),
        ("sshd_config", "ClientAliveInterval 5"),
    ],
)
def test_sshd_is_asked_where_it_is_set_up(host: ShellHost, name: str, line: str) -> None:
    host.fake("sshd", SSHD)
    host.write("/etc/ssh/sshd_config", DEBIAN)
    host.write(f"/etc/ssh/{name}", f"UsePAM yes\n{line}\n")
    host.env["SUDO_USER"] = "o'ps $(id)"
    assert "maxsessions 4" in told(host).all("sshd")
    asked = [call for call in host.calls if call.startswith("sshd")]
    assert len(asked) == 1
    assert "user=o'ps $(id),host=localhost" in asked[0]


def test_the_script_without_anything(host: ShellHost) -> None:
    for command in ("getent", "sshd", "systemctl"):
        host.fake(command, "exit 1")
    facts = told(host)
    assert facts.complete
    assert facts.one("ssh.user")
    assert facts.yes("ssh.sudo") is False
    for key in ("ssh.shell", "ssh.path", "ssh.hostkey", "sshd", "ssh.manager"):
        assert facts.one(key) is None


def test_the_account_is_looked_up_in_the_file_where_getent_is_silent(host: ShellHost) -> None:
    host.fake("getent", "exit 2")
    host.env["SUDO_USER"] = "ops"
    host.write("/etc/passwd", "opsx:x:1:1::/:/bin/false\nops:x:1000:1000::/home/ops:\n")
    assert told(host).one("ssh.shell") == "/bin/sh"


def test_rubbish_of_tools_is_no_fact(host: ShellHost) -> None:
    for command in ("getent", "sshd", "systemctl"):
        host.fake(command, "printf 'x\\t\\377\\n\\nactive?\\n'")
    host.write("/etc/ssh/ssh_host_rsa_key.pub", "rubbish $(x) {}\n")
    facts = told(host)
    assert facts.complete
    for key in ("ssh.shell", "ssh.hostkey", "sshd", "ssh.manager"):
        assert facts.one(key) is None
