"""etcd members: when one is started, when it is left alone, and what healthy means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.etcd_said import LEADER, OTHER, THIRD, status
from tests.unit.shell_host import ShellHost, with_systemctl

MEMBERS = "et1=10.0.0.41 et2=10.0.0.42 et3=10.0.0.43"
MARK = "/etc/etcd/haui-cluster"
STATE = "/etc/etcd/haui-state.env"
DATA = "/var/lib/etcd/member/snap/db"

LIST = """\
1a, started, et1, https://10.0.0.41:2380, https://10.0.0.41:2379, false
2b, started, et2, https://10.0.0.42:2380, https://10.0.0.42:2379, false
3c, started, et3, https://10.0.0.43:2380, https://10.0.0.43:2379, false
"""
STATUS = {
    f"status-10.0.0.4{number}": status(f"10.0.0.4{number}", member, LEADER)
    for number, member in enumerate((LEADER, OTHER, THIRD), 1)
}
ETCDCTL = r"""
[ -z "$ETCDCTL_ENDPOINTS$ETCDCTL_CACERT$ETCDCTL_CERT$ETCDCTL_KEY" ] || exit 128
endpoint=$(printf '%s' "$1" | sed 's/.*=//')
address=$(printf '%s' "$endpoint" | sed 's/.*\/\///; s/:2379//')
grep -qxF "$address" "$STATE/answering" 2>/dev/null || exit 1
case "$*" in
    *"member list"*) cat "$STATE/list" ;;
    *"endpoint health"*) ! grep -qxF "$address" "$STATE/sick" 2>/dev/null ;;
    *"status -w json"*)
        id=$(sed -n "s/^$address //p" "$STATE/ids" 2>/dev/null)
        echo "[{\"Status\":{\"header\":{\"cluster_id\":${id:-77}}}}]" ;;
    *"endpoint status"*) cat "$STATE/status-$address" ;;
    *"alarm list"*) cat "$STATE/alarms" 2>/dev/null ;;
esac
"""
CURL = r"""
for url; do :; done
address=$(printf '%s' "$url" | sed 's/.*\/\///; s/:2379.*//')
grep -qxF "$address" "$STATE/answering" 2>/dev/null || exit 7
exit 56
"""


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    """The second etcd host, fresh, and nobody answers."""
    env = {
        "HAUI_HOST": "et2",
        "HAUI_ADDRESS": "10.0.0.42",
        "HAUI_MEMBERS": MEMBERS,
        "HAUI_TOKEN": "atlas-etcd",
        "HAUI_CERTIFICATE_DAYS": "30",
        "HAUI_WHOLE": "yes",
    }
    shell = ShellHost(tmp_path, env)
    state = with_systemctl(shell)
    shell.fake("etcdctl", ETCDCTL)
    shell.write("/usr/local/bin/etcdctl", (tmp_path / "bin/etcdctl").read_text(), 0o755)
    shell.fake("curl", CURL)
    shell.fake("timeout", 'shift\nexec "$@"')
    shell.fake("ss", 'grep -q etcd "$STATE/active" 2>/dev/null && echo LISTEN')
    shell.fake("journalctl", "echo last words")
    shell.fake("sleep")
    systemctl = (tmp_path / "bin/systemctl").read_text()
    (tmp_path / "bin/systemctl").write_text(
        systemctl.replace('"restart "*)', '"restart --no-block") echo "$3" >>"$STATE/active" ;;\n'
                          '    "restart "*)')
    )  # fmt: skip
    for path in ("/etc/etcd/etcd.env", "/etc/systemd/system/etcd.service", "/etc/etcd/pki/ca.crt"):
        shell.write(path, "x\n")
    (state / "list").write_text(LIST)
    for name, text in STATUS.items():
        (state / name).write_text(text)
    return shell


def say(shell: ShellHost, name: str, text: str) -> None:
    (shell.folder / "state" / name).write_text(text)


def all_answer(shell: ShellHost) -> None:
    say(shell, "answering", "10.0.0.41\n10.0.0.42\n10.0.0.43\n")


def others_answer(shell: ShellHost) -> None:
    say(shell, "answering", "10.0.0.41\n10.0.0.43\n")


def restarts(shell: ShellHost) -> int:
    return len([call for call in shell.calls if call.startswith("systemctl restart")])


def test_the_first_start_founds_the_cluster_and_does_not_wait(host: ShellHost) -> None:
    assert not host.run("etcd_member_probe").done
    ran = host.run("etcd_member_apply")
    assert ran.status == 0, ran.stderr
    assert host.read(STATE) == "ETCD_INITIAL_CLUSTER_STATE=new\n"
    assert host.read(MARK) == "atlas-etcd\n"
    assert "systemctl restart --no-block etcd" in host.calls
    host.write(DATA, "data")
    assert host.run("etcd_member_probe").done
    assert host.run("etcd_member_apply").status == 0
    assert restarts(host) == 1


def test_a_kill_before_the_start_is_made_good(host: ShellHost) -> None:
    """The mark is there, the data is not: the member still founds the cluster."""
    host.write(MARK, "atlas-etcd\n")
    assert host.run("etcd_member_apply").status == 0
    assert host.read(STATE) == "ETCD_INITIAL_CLUSTER_STATE=new\n"


def test_founders_that_wait_for_this_one_are_no_obstacle(host: ShellHost) -> None:
    """Two of three have a leader already; the third is listed, and was never seen."""
    others_answer(host)
    say(host, "list", LIST.replace("https://10.0.0.42:2379,", ","))
    assert host.run("etcd_member_probe").verdict("data in /var/lib/etcd") == "differs"
    assert host.run("etcd_member_apply").status == 0
    assert host.read(STATE) == "ETCD_INITIAL_CLUSTER_STATE=new\n"


def test_lost_data_is_never_covered_up(host: ShellHost) -> None:
    others_answer(host)
    found = host.run("etcd_member_probe").findings["data in /var/lib/etcd"]
    assert found.verdict == "blocked"
    assert "member remove 2b" in found.expected
    assert "member add et2 --peer-urls=https://10.0.0.42:2380" in found.expected
    assert host.run("etcd_member_apply").status != 0
    assert restarts(host) == 0


def test_what_root_s_environment_says_to_etcdctl_is_no_obstacle(host: ShellHost) -> None:
    others_answer(host)
    host.env |= {"ETCDCTL_ENDPOINTS": "https://127.0.0.1:2379", "ETCDCTL_CACERT": "/etc/etcd/ca"}
    assert host.run("etcd_member_probe").verdict("data in /var/lib/etcd") == "blocked"


def test_a_member_that_was_added_anew_comes_to_the_existing_cluster(host: ShellHost) -> None:
    others_answer(host)
    say(host, "list", LIST.replace("2b, started, et2, https://10.0.0.42:2380, "
                                   "https://10.0.0.42:2379", "9f, unstarted, , "
                                   "https://10.0.0.42:2380, "))  # fmt: skip
    host.write(STATE, "ETCD_INITIAL_CLUSTER_STATE=new\n")
    assert host.run("etcd_member_apply").status == 0
    assert host.read(STATE) == "ETCD_INITIAL_CLUSTER_STATE=existing\n"


@pytest.mark.parametrize("mark", [None, "other-etcd\n"])
def test_the_data_of_another_etcd_is_left_alone(host: ShellHost, mark: str | None) -> None:
    host.write(DATA, "data")
    if mark:
        host.write(MARK, mark)
    found = host.run("etcd_member_probe").findings["data in /var/lib/etcd"]
    assert found.verdict == "blocked"
    assert "mv /var/lib/etcd/member" in found.expected
    assert host.run("etcd_member_apply").status != 0
    assert restarts(host) == 0
    assert host.read(DATA) == "data"


def test_members_of_two_clusters_are_told_apart(host: ShellHost) -> None:
    host.write(DATA, "data")
    host.write(MARK, "atlas-etcd\n")
    all_answer(host)
    assert "id of the etcd cluster" not in host.run("etcd_member_probe").findings
    say(host, "ids", "10.0.0.42 78\n")
    assert host.run("etcd_member_probe").verdict("id of the etcd cluster") == "blocked"


def test_new_settings_restart_a_member_and_wait_for_its_health(host: ShellHost) -> None:
    host.run("etcd_member_apply")
    host.write(DATA, "data")
    all_answer(host)
    host.write("/etc/etcd/etcd.env", "other settings\n")
    assert host.run("etcd_member_probe").verdict("settings in use") == "differs"
    assert host.run("etcd_member_apply").status == 0
    assert restarts(host) == 2
    assert host.read(STATE) == "ETCD_INITIAL_CLUSTER_STATE=new\n"


def test_a_member_that_does_not_start_says_its_last_words(host: ShellHost) -> None:
    host.fake("ss")
    ran = host.run("etcd_member_apply", {"HAUI_PATIENCE": "0"})
    assert ran.status != 0
    assert "last words" in ran.stdout
    assert "etcd does not start" in ran.stderr
    assert host.run("etcd_member_probe").verdict("settings in use") == "differs"


def test_a_healthy_cluster_is_ready(host: ShellHost) -> None:
    all_answer(host)
    ran = host.run("etcd_ready_probe")
    assert ran.done, ran.stdout
    assert ran.findings["etcd members"].seen == "3"


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("list", LIST.replace("2379, false", "2379, true", 1), "etcd member et1"),
        ("list", "".join(LIST.splitlines(keepends=True)[:2]), "etcd member et3"),
        ("list", LIST + "4d, started, et9, https://10.0.0.9:2380, https://10.0.0.9:2379, false\n",
         "etcd members"),
        ("list", LIST.replace("https://10.0.0.43:2379,", ","), "etcd member et3"),
        ("sick", "10.0.0.43\n", "etcd of et3"),
        ("answering", "10.0.0.42\n10.0.0.43\n", "etcd of et1"),
        ("status-10.0.0.41", status("10.0.0.41", LEADER, THIRD), "etcd leaders"),
        ("answering", "", "etcd members"),
    ],
)  # fmt: skip
def test_what_is_not_healthy_is_named(host: ShellHost, name: str, text: str, row: str) -> None:
    all_answer(host)
    say(host, name, text)
    assert host.run("etcd_ready_probe").verdict(row) == "differs"


def test_verification_of_a_good_etcd(host: ShellHost) -> None:
    all_answer(host)
    host.write("/etc/etcd/pki/ca.crt", "not looked at here")
    host.fake("openssl")
    ran = host.run("verify_etcd_external_probe")
    assert ran.done, ran.stdout
    assert ran.findings["etcd release"].seen == "3.4.23"
    say(host, "alarms", "memberID:1 alarm:NOSPACE\n")
    say(host, "status-10.0.0.41", status("10.0.0.41", LEADER, LEADER, "3.6.5"))
    ran = host.run("verify_etcd_external_probe")
    assert (ran.verdict("etcd alarms"), ran.verdict("etcd releases")) == ("differs", "differs")


def test_verification_of_one_member(host: ShellHost) -> None:
    all_answer(host)
    host.fake("openssl", "exit 1")
    ran = host.run("verify_etcd_external_probe", {"HAUI_WHOLE": "no"})
    assert ran.verdict("etcd.service of et2") == "differs"
    assert ran.verdict("etcd of et2") == "ok"
    assert ran.findings["certificates of et2 valid for 30 days"].seen == "all but ca.crt"
