"""What opens firewalls and ufw, with small ones in their place that keep rules as they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.spec import ClusterSpec
from steps.firewall import FIREWALL
from tests.unit.firewall_host import firewall_host, with_firewalld, with_ufw
from tests.unit.shell_host import Ran, ShellHost, with_power_cut
from tests.unit.specs import spec


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    return firewall_host(tmp_path)


def text(cluster: ClusterSpec) -> str:
    work = FIREWALL.work(cluster, cluster.host("cp1"), {})
    assert work.apply and work.probe
    assert work.apply.inputs == work.probe.inputs
    return work.apply.inputs["rules"].decode()


RULES = text(spec())
ROUTED = text(spec(network={"cni": {"kind": "bridge"}}))


def probe(host: ShellHost, rules: str = RULES) -> Ran:
    return host.run("system_firewall_probe", inputs={"rules": rules})


def apply(host: ShellHost, rules: str = RULES) -> Ran:
    return host.run("system_firewall_apply", inputs={"rules": rules})


def changes(host: ShellHost) -> list[str]:
    """The calls that change something, so far."""
    looks = ("--list", "--get", "--state", "--query", "--direct", "show added", "--dry-run")
    tools = ("ufw ", "firewall-cmd ")
    return [c for c in host.calls if c.startswith(tools) and not any(look in c for look in looks)]


def test_nothing_is_to_do_without_a_firewall(host: ShellHost) -> None:
    assert probe(host).done
    assert (apply(host).status, changes(host)) == (0, [])


def test_firewalls_that_do_not_run_are_left_alone(host: ShellHost) -> None:
    with_ufw(host)
    host.write("/etc/ufw/ufw.conf", "ENABLED=no\n")
    host.fake("firewall-cmd", "echo 'not running' >&2; exit 252")
    assert probe(host).done
    assert (apply(host).status, changes(host)) == (0, [])


def test_ufw_gets_what_is_missing_and_nothing_twice(host: ShellHost) -> None:
    rules = with_ufw(host, "allow 22/tcp", "allow 8443/tcp comment 'the admin'")
    before = probe(host)
    assert len(before.findings) == 15
    assert before.verdict("ufw: allow from 10.30.0.12 to any port 2379,2380,6443,10250 proto tcp")
    assert "ufw: allow 8443/tcp" not in before.findings
    assert apply(host).status == 0
    told = rules.read_text()
    for line in (
        "allow from 10.30.0.12 to any port 2379,2380,6443,10250 proto tcp",
        "allow from 10.30.0.21 to any port 6443,10250 proto tcp",
        "allow from 10.30.0.13 proto vrrp",
        "allow from 10.244.0.0/16",
        "route allow from 10.244.0.0/16",
        "route allow to 10.244.0.0/16",
    ):
        assert f"ufw {line} comment 'haui'\n" in told
    assert "8443/tcp comment 'haui'" not in told
    assert probe(host).done
    done = changes(host)
    assert apply(host).status == 0
    assert (changes(host), rules.read_text()) == (done, told)


def test_an_older_ufw_lets_the_peer_in_instead_of_its_vrrp(host: ShellHost) -> None:
    rules = with_ufw(host)
    (rules.parent / "old").touch()
    assert apply(host).status == 0
    assert "ufw allow from 10.30.0.12 to 10.30.0.11 comment 'haui'\n" in rules.read_text()
    assert "vrrp" not in rules.read_text()
    assert probe(host).done


def test_ufw_forgets_what_nobody_needs_any_more(host: ShellHost) -> None:
    rules = with_ufw(host, "allow from 10.30.0.12 to any port 22 proto tcp")
    apply(host)
    less = "".join(line for line in RULES.splitlines(True) if "10.30.0.12" not in line)
    gone = probe(host, less)
    assert {found.expected for found in gone.findings.values()} == {
        "taken away, nobody needs it any more"
    }
    assert apply(host, less).status == 0
    assert probe(host, less).done
    assert [line for line in rules.read_text().splitlines() if "10.30.0.12" in line] == [
        "ufw allow from 10.30.0.12 to any port 22 proto tcp"
    ]
    assert apply(host, "").status == 0
    assert rules.read_text() == "ufw allow from 10.30.0.12 to any port 22 proto tcp\n"


def test_a_rule_that_ufw_refuses_is_told(host: ShellHost) -> None:
    with_ufw(host)
    host.fake("ufw", "[ \"$1\" != allow ] || { echo 'ERROR: Bad source address'; exit 1; }")
    broken = apply(host)
    assert broken.status == 1
    assert "haui: ufw does not take the rule: allow" in broken.stderr
    assert "fix: look at: ufw status verbose" in broken.stderr


def test_firewalld_gets_it_for_now_and_for_later_without_a_reload(host: ShellHost) -> None:
    state = with_firewalld(host)
    assert not probe(host).done
    assert apply(host).status == 0
    rule = 'rule family="ipv4" source address="10.30.0.12" port port="2379" protocol="tcp" accept'
    vrrp = 'rule family="ipv4" source address="10.30.0.13" protocol value="vrrp" accept'
    for when in ("now", "later"):
        public = (state / when / "zone" / "public").read_text()
        assert f"rich-rule\t{rule}\n" in public
        assert f"rich-rule\t{vrrp}\n" in public
        assert [line for line in public.splitlines() if "port\t" in line] == ["port\t8443/tcp"]
        trusted = (state / when / "zone" / "trusted").read_text()
        assert "source\t10.244.0.0/16\n" in trusted
        assert (state / when / "zone" / "internal").read_text() == ""
    assert probe(host).done
    done = changes(host)
    assert not any("--reload" in call for call in done)
    assert apply(host).status == 0
    assert changes(host) == done


def test_firewalld_is_told_in_the_zones_where_packets_arrive(host: ShellHost) -> None:
    state = with_firewalld(host)
    (state / "zone").write_text("internal\n")
    apply(host)
    assert (state / "now" / "zone" / "public").read_text() == ""
    assert "8443/tcp" in (state / "now" / "zone" / "internal").read_text()
    # A zone that takes packets by their source comes before that of the interface.
    (state / "now" / "zone" / "public").write_text("source\t10.30.0.0/24\n")
    assert not probe(host).done
    apply(host)
    assert "8443/tcp" in (state / "now" / "zone" / "public").read_text()


def test_firewalld_forgets_only_what_haui_has_added(host: ShellHost) -> None:
    state = with_firewalld(host)
    for when in ("now", "later"):
        (state / when / "zone" / "public").write_text("port\t8000-9000/tcp\nport\t7777/tcp\n")
    apply(host)
    public = state / "later" / "zone" / "public"
    assert "port\t8443/tcp" not in public.read_text()
    assert apply(host, "").status == 0
    for when in ("now", "later"):
        left = (state / when / "zone" / "public").read_text()
        assert left == "port\t8000-9000/tcp\nport\t7777/tcp\n"
        assert (state / when / "zone" / "trusted").read_text() == "target\tACCEPT\n"
    assert host.read("/var/lib/haui/firewall/firewalld") == ""


def test_what_haui_adds_to_firewalld_is_on_the_disk_before_it_is_done(host: ShellHost) -> None:
    with_firewalld(host)
    with_power_cut(host)
    assert apply(host).status == 0
    adding = next(at for at, call in enumerate(host.calls) if " --add-" in call)
    assert any(call.startswith("sync ") and "/firewalld" in call for call in host.calls[:adding])
    assert "8443/tcp" in host.read("/var/lib/haui/firewall/firewalld")
    assert apply(host, "").status == 0
    assert not probe(host).done


def test_what_was_lost_at_a_restart_or_never_made_permanent_is_added_again(
    host: ShellHost,
) -> None:
    state = with_firewalld(host)
    apply(host)
    for when in ("now", "later"):
        (state / when / "zone" / "public").write_text("")
        assert not probe(host).done
        assert apply(host).status == 0
        assert probe(host).done


def test_packets_of_nodes_to_pods_need_a_policy_and_a_reload_that_hurts_nobody(
    host: ShellHost,
) -> None:
    state = with_firewalld(host)
    assert apply(host, ROUTED).status == 0
    for when in ("now", "later"):
        policy = (state / when / "policy" / "haui-pods").read_text()
        assert policy.startswith("ingress-zone\tANY\negress-zone\ttrusted\n")
        assert 'source address="10.30.0.12" destination address="10.244.0.0/16" accept' in policy
    assert sum("--reload" in call for call in host.calls) == 1
    assert probe(host, ROUTED).done
    assert apply(host, ROUTED).status == 0
    assert sum("--reload" in call for call in host.calls) == 1
    assert apply(host, "").status == 0
    assert not (state / "later" / "policy" / "haui-pods").exists()


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("runtime", "rules that firewalld has for now only"),
        ("iptables", "the rules that iptables-save shows"),
    ],
)
def test_a_reload_that_would_take_rules_of_others_is_left_to_a_person(
    host: ShellHost, trouble: str, why: str
) -> None:
    state = with_firewalld(host)
    if trouble == "runtime":
        (state / "now" / "zone" / "internal").write_text("port\t7777/tcp\n")
    else:
        host.fake("iptables-save", "echo '-A FORWARD -j DOCKER-USER'")
    found = probe(host, ROUTED).findings["firewalld: a policy for packets to pods"]
    assert (found.verdict, why in found.seen) == ("blocked", True)
    assert "--new-policy=haui-pods" in found.expected
    done = apply(host, ROUTED)
    assert done.status == 1
    assert why in done.stderr
    assert not any("--reload" in call for call in host.calls)
    assert probe(host).verdict("firewalld: port public 8443/tcp") == "differs"
