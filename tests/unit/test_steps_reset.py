"""The reset of a host, run by /bin/sh in a folder instead of /: what is on record is taken back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haui.resetting import reset_plan
from steps import CATALOGUE, etcd, reset
from steps.load import script
from tests.unit.reset_host import LIBRARY, RECORD, ResetHost, rooted
from tests.unit.shell_host import with_power_cut
from tests.unit.specs import spec

EXTERNAL = spec(
    topology={"kind": "external"},
    hosts=[
        *(
            {"name": f"cp{n}", "address": f"10.0.0.1{n}", "roles": ["control-plane"]}
            for n in (1, 2, 3)
        ),
        *({"name": f"et{n}", "address": f"10.0.0.5{n}", "roles": ["etcd"]} for n in (1, 2, 3)),
    ],
)


@pytest.fixture
def host(tmp_path: Path) -> ResetHost:
    return ResetHost(tmp_path)


STEPS = [step.id for step in reset.CATALOGUE]


def test_hosts_go_back_in_the_order_in_which_nobody_misses_anything() -> None:
    order = [task.step.id for task in reset_plan(EXTERNAL, reset.CATALOGUE).tasks]
    first = {step: order.index(step) for step in order}
    assert sorted(first, key=first.__getitem__) == [s for s in STEPS if s in first]
    waits = {
        step.id: step.needs
        for step in (reset.CONTROL_PLANES, reset.FIRST, reset.ETCD, reset.ENDPOINT)
    }
    assert "reset.workers" in waits["reset.control_planes"]
    assert "reset.control_planes" in waits["reset.first_control_plane"]
    assert "reset.first_control_plane" in waits["reset.etcd"]
    assert "reset.etcd" in waits["reset.endpoint"]
    assert not any(set(step.needs) & set(STEPS[STEPS.index(step.id) :]) for step in reset.CATALOGUE)


@pytest.mark.parametrize("cluster", [spec(), EXTERNAL], ids=["stacked", "external"])
def test_a_host_that_was_never_touched_stays_as_it_is(host: ResetHost, cluster: object) -> None:
    host.write("/etc/kubernetes/kubelet.conf", "of somebody else")
    host.write("/var/lib/etcd/member/wal", "data")
    host.unit("kubelet", "active", "enabled")
    host.unit("containerd", "active", "enabled")
    host.unit("keepalived", "active", "enabled")
    before = host.tree()
    for step in STEPS:
        on = next((s for s in (spec(), EXTERNAL) if _runs(step, s)), None)
        if on is None:
            continue
        assert host.step(step, "probe", "remove", on).done, step
        assert host.step(step, "apply", "remove", on).status == 0, step
    assert host.tree() == before
    assert not rooted(host, "/var/lib/haui").exists()
    changing = ("stop", "disable", "start", "restart", "enable", "mask", "unmask")
    assert not [call for call in host.calls if call.split()[0:2][-1] in changing]


def _runs(step: str, cluster: object) -> bool:
    tasks = reset_plan(cluster, reset.CATALOGUE).tasks  # type: ignore[arg-type]
    return any(task.step.id == step for task in tasks)


# Files


def test_files_go_back_to_what_they_were(host: ResetHost) -> None:
    host.write("/etc/haproxy/haproxy.cfg", "theirs", mode=0o640)
    host.placed("/etc/haproxy/haproxy.cfg", "ours 1")
    host.placed("/etc/haproxy/haproxy.cfg", "ours 2")
    host.placed("/etc/sysctl.d/zz-haui.conf", "ours")
    host.placed("/etc/app/deep/x.conf", "ours")
    host.write("/etc/app/deep/x.conf.haui-new", "half")
    host.write("/etc/app/deep/.haui.AbCdEf12", "half")
    assert not host.step("reset.files", "probe").done
    assert host.step("reset.files", "apply").status == 0
    assert host.step("reset.files", "probe").done
    assert host.step("reset.units", "probe").verdict("/etc/app") == "differs"
    assert host.step("reset.units", "apply").status == 0
    assert host.step("reset.units", "probe").done
    assert host.read("/etc/haproxy/haproxy.cfg") == "theirs"
    assert rooted(host, "/etc/haproxy/haproxy.cfg").stat().st_mode & 0o777 == 0o640
    assert set(host.tree()) == {
        "etc",
        "etc/os-release",
        "etc/haproxy",
        "etc/haproxy/haproxy.cfg",
        "proc",
        "proc/swaps",
    }


def test_what_goes_back_outlives_a_power_cut(host: ResetHost) -> None:
    """Else an emptied file would be taken for somebody else's work, and the record would go."""
    host.placed("/etc/haproxy/haproxy.cfg", "ours", before="theirs")
    host.write("/etc/hosts", "127.0.0.1 localhost\n# BEGIN haui\n# END haui\n")
    with_power_cut(host)
    assert host.step("reset.files", "apply").status == 0
    assert host.read("/etc/haproxy/haproxy.cfg") == "theirs"
    assert host.read("/etc/hosts") == "127.0.0.1 localhost\n"


def test_half_of_a_copy_for_the_record_is_no_file_of_the_host(host: ResetHost) -> None:
    host.write("/etc/sysctl.conf", "theirs")
    host.fake("cp", '/bin/cp "$@"; exit 9')
    ran = host.run(f"{LIBRARY.functions}\nkeep_before $HAUI_ROOT/etc/sysctl.conf")
    assert ran.status == 1
    before = host.tree()
    (host.folder / "bin/cp").unlink()
    assert host.step("reset.files", "apply").status == 0
    assert host.tree() == before


def test_what_somebody_has_changed_since_is_theirs(host: ResetHost) -> None:
    host.placed("/etc/a", "ours", before="before")
    host.placed("/etc/b", "ours")
    host.write("/etc/a", "changed")
    host.write("/etc/b", "changed")
    probe = host.step("reset.files", "probe")
    assert probe.done
    assert {probe.verdict("/etc/a"), probe.verdict("/etc/b")} == {"info"}
    assert "somebody else has written it since" in probe.findings["/etc/a"].seen
    assert host.step("reset.files", "apply").status == 0
    assert (host.read("/etc/a"), host.read("/etc/b")) == ("changed", "changed")


def test_what_was_there_and_is_lost_comes_back(host: ResetHost) -> None:
    host.placed("/etc/a/b", "ours", before="before")
    rooted(host, "/etc/a/b").unlink()
    rooted(host, "/etc/a").rmdir()
    assert host.step("reset.files", "apply").status == 0
    assert host.read("/etc/a/b") == "before"


BLOCK = "# BEGIN haui\n10.0.0.11 cp1\n# END haui\n"


@pytest.mark.parametrize("added", ["", "10.9.9.9 new\n"], ids=["as left", "edited since"])
def test_only_haui_s_block_goes_out_of_etc_hosts(host: ResetHost, added: str) -> None:
    before = "127.0.0.1 localhost\n"
    host.placed("/etc/hosts", BLOCK + before, before=before)
    with rooted(host, "/etc/hosts").open("a") as hosts:
        hosts.write(added)
    assert not host.step("reset.files", "probe").done
    assert host.step("reset.files", "apply").status == 0
    assert host.read("/etc/hosts") == before + added
    assert host.step("reset.files", "probe").done


def test_names_below_a_block_without_its_end_stay(host: ResetHost) -> None:
    host.write("/etc/hosts", "# BEGIN haui\n10.0.0.11 cp1\n127.0.0.1 localhost\n")
    assert host.step("reset.files", "apply").status == 0
    assert host.read("/etc/hosts") == "10.0.0.11 cp1\n127.0.0.1 localhost\n"
    assert host.step("reset.files", "probe").done


# Services


def test_services_run_again_as_they_did(host: ResetHost) -> None:
    host.unit("haproxy", "active", "enabled")
    host.unit("keepalived", "", "")
    host.on_record(
        "note_unit haproxy keepalived chrony\n"
        "note_before unit docker-registry.service 'not-found inactive'"
    )
    host.unit("keepalived", "active", "enabled")
    host.unit("docker-registry.service", "", "masked")
    host.write("/var/lib/haui/loaded/haproxy", "mark")
    services = host.step("reset.endpoint", "probe")
    assert (services.verdict("keepalived"), services.verdict("haproxy")) == ("differs", "info")
    assert host.step("reset.endpoint", "apply").status == 0
    assert host.step("reset.endpoint", "probe").done
    assert not host.step("reset.units", "probe").done
    assert host.step("reset.units", "apply").status == 0
    assert host.step("reset.units", "probe").done
    assert "systemctl stop keepalived" in host.calls
    assert host.calls.count("systemctl restart haproxy") == 1
    assert "systemctl stop haproxy" not in host.calls
    assert "systemctl unmask docker-registry.service" in host.calls
    assert (host.state / "enabled-haproxy").read_text() == "enabled\n"


def test_what_rpm_has_put_beside_a_file_of_haui_s_goes(host: ResetHost) -> None:
    host.placed("/etc/haproxy/haproxy.cfg", "ours")
    host.write("/etc/haproxy/haproxy.cfg.rpmnew", "the package's")
    host.step("reset.files", "apply")
    assert not host.step("reset.units", "probe").done
    assert host.step("reset.units", "apply").status == 0
    assert host.step("reset.units", "probe").done
    assert not rooted(host, "/etc/haproxy").exists()


def test_a_folder_with_something_of_others_stays_and_is_named(host: ResetHost) -> None:
    host.placed("/etc/keepalived/haui-check.sh", "ours")
    host.write("/etc/keepalived/theirs", "x")
    host.step("reset.files", "apply")
    host.step("reset.units", "apply")
    probe = host.step("reset.units", "probe")
    assert probe.done
    assert probe.verdict("/etc/keepalived") == "info"
    assert host.read("/etc/keepalived/theirs") == "x"


# The record itself


def test_half_a_record_is_none(host: ResetHost) -> None:
    host.placed("/etc/a", "ours")
    host.write("/etc/a", "somebody else's")
    host.fake("rm", 'for last; do :; done; /bin/rm -rf "$last/noted"; kill -9 $PPID')
    assert host.step("reset.record", "apply").status == -9
    (host.folder / "bin/rm").unlink()
    assert host.step("reset.files", "apply").status == 0
    assert host.read("/etc/a") == "somebody else's"
    assert not host.step("reset.record", "probe").done
    assert host.step("reset.record", "apply").status == 0
    assert host.step("reset.record", "probe").done


def test_the_record_goes_but_for_the_run_that_is_at_it_and_the_last_call_takes_that(
    host: ResetHost,
) -> None:
    host.begun("system.swap", "install")
    host.begun("reset.record", "now")
    host.begun("reset.files", "earlier")
    host.placed("/etc/a", "ours")
    rooted(host, "/etc/a").unlink()
    host.write("/etc/haui/kubeadm-init.yaml", "x")
    host.write("/var/lib/haui/lock", "")
    host.write("/var/lib/haui/changes", "x")
    last = reset.RECORD.revoke
    assert last is not None
    call = last.call(spec(), spec().hosts[0])
    assert host.run(call.script, call.env).status == 0
    assert rooted(host, RECORD).exists(), "the last call waits until nothing else is left"
    assert not host.step("reset.record", "probe").done
    assert host.step("reset.record", "apply").status == 0
    assert host.step("reset.record", "probe").done
    left = sorted(path.name for path in rooted(host, "/var/lib/haui").iterdir())
    assert left == ["earlier", "lock", "now"]
    assert not rooted(host, "/etc/haui").exists()
    assert host.run(call.script, call.env).status == 0
    assert not rooted(host, "/var/lib/haui").exists()


def test_the_last_call_leaves_a_task_that_lives(host: ResetHost) -> None:
    live = host.write("/var/lib/haui/now/reset.record.1/live", "")
    text = f"exec 8>'{live}'; flock 8\n{script('reset_record_revoke')}"
    assert host.run(text).status == 0
    assert live.exists()


def test_a_task_of_an_install_that_still_runs_is_ended_first(host: ResetHost) -> None:
    live = host.write("/var/lib/haui/r1/runtime.images.1/live", "")
    host.write("/var/lib/haui/r1/runtime.images.1/pid", "1\n")
    held = f"exec 8>'{live}'; flock 8\n{script('reset_begin_probe')}"
    assert host.run(held).findings["tasks of haui that run here"].seen.strip() == "runtime.images.1"
    own = host.write("/var/lib/haui/r2/reset.packages.1/live", "")
    assert host.run(f"exec 8>'{own}'; flock 8\n{script('reset_begin_probe')}").done
    # Stopping the unit is what ends it.
    host.fake("systemctl", 'kill "$(cat "$STATE/holder")"')
    call = host.call("reset.begin", "apply", "keep", spec())
    text = (
        f"sh -c 'exec 8>\"{live}\"; flock 8; touch $STATE/locked; exec sleep 60' &\n"
        "echo $! >$STATE/holder\n"
        "until [ -e $STATE/locked ]; do sleep 0.05; done\n" + script(call.script)
    )
    assert host.run(text).status == 0
    assert "systemctl stop haui-r1-runtime.images.1.service" in host.calls
    assert host.read("/var/lib/haui/r1/runtime.images.1/rc") == "130\n"
    assert host.step("reset.begin", "probe").done


def test_etcd_s_member_goes_and_its_data_only_when_that_was_agreed(host: ResetHost) -> None:
    host.fake("id", '[ -e "$STATE/account-$1" ] || [ "$1" = -un ]')
    host.fake("userdel", 'rm "$STATE/account-$1"')
    host.on_record(
        'note_before unit etcd "not-found inactive"; note_before user etcd absent\n'
        'note_folder "$HAUI_ROOT/var/lib/etcd"'
    )
    (host.state / "account-etcd").write_text("")
    host.unit("etcd", "active", "enabled")
    host.write("/var/lib/etcd/member/wal", "data")
    assert not host.step("reset.etcd", "probe", "keep", EXTERNAL).done
    assert host.step("reset.etcd", "apply", "keep", EXTERNAL).status == 0
    kept = host.step("reset.etcd", "probe", "keep", EXTERNAL)
    assert kept.done
    assert kept.findings["data of etcd"].expected == "kept, as nobody has agreed to lose it"
    assert host.read("/var/lib/etcd/member/wal") == "data"
    assert (host.state / "account-etcd").exists(), "its files would be nobody's"
    assert not host.step("reset.etcd", "probe", "remove", EXTERNAL).done
    assert host.step("reset.etcd", "apply", "remove", EXTERNAL).status == 0
    assert host.step("reset.etcd", "probe", "remove", EXTERNAL).done
    assert not rooted(host, "/var/lib/etcd").exists()
    assert not (host.state / "account-etcd").exists()
    assert etcd.is_member(EXTERNAL, EXTERNAL.having("etcd")[0])


def test_each_step_has_its_row_in_what_haui_changes() -> None:
    text = (Path(__file__).parents[2] / "docs/what-haui-changes.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    named = {name.strip() for row in rows for name in row.split(",")}
    missing = [
        step.id
        for step in CATALOGUE
        if step.id not in named and f"{step.id.split('.')[0]}.*" not in named
    ]
    assert missing == []
    kinds = set(re.findall(r"`([a-z-]+)`", text))
    noted = set()
    for path in (Path(__file__).parents[2] / "steps/scripts").glob("*.sh"):
        noted |= set(re.findall(r"\bnote_before ([a-z-]+)", path.read_text()))
    library = (Path(__file__).parents[2] / "haui/agent/lib.sh").read_text()
    noted |= set(re.findall(r"^ +note_before ([a-z-]+)", library, re.MULTILINE))
    assert noted - {"node"} <= kinds
