"""The promise itself: five fresh hosts, one command, a working HA cluster, and the API stays."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

from tests.lab.conftest import Installed
from tests.lab.drill import Drill
from tests.lab.reset import report, since
from tests.lab.runs import HauiRun, haui

PORT = 8443
LOGIN_FILE = "/etc/containerd/certs.d/"


def test_install_is_verified(installed: Installed) -> None:
    """The install ends with 0, and every verification row is ok."""
    rows = [
        finding
        for event in installed.run.of("task_finished")
        if event["step"].startswith("verify.")
        for finding in event.get("findings", [])
    ]
    assert len(rows) > 20
    assert [row for row in rows if row["verdict"] not in ("ok", "info")] == []


def test_cluster_as_kubectl_sees_it(installed: Installed) -> None:
    """Five Ready nodes and three etcd voters, asked without haui."""
    nodes = installed.lab.exec("cp1", [*KUBECTL, "get", "nodes", "--no-headers"]).stdout.decode()
    lines = [line.split()[:2] for line in nodes.splitlines()]
    assert sorted(lines) == [[n, "Ready"] for n in ("cp1", "cp2", "cp3", "wk1", "wk2")]
    members = installed.lab.exec("cp1", [*ETCDCTL, "member", "list"]).stdout.decode().splitlines()
    assert len(members) == 3
    assert all(", started, " in line and line.endswith(", false") for line in members)


KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")
PKI = "/etc/kubernetes/pki/etcd"
ETCDCTL = (
    *KUBECTL, "-n", "kube-system", "exec", "etcd-cp1", "--", "etcdctl",
    "--endpoints=https://127.0.0.1:2379", f"--cacert={PKI}/ca.crt",
    f"--cert={PKI}/healthcheck-client.crt", f"--key={PKI}/healthcheck-client.key",
)  # fmt: skip


def test_apply_again_changes_nothing(installed: Installed) -> None:
    """The second apply finds everything done, within 30 s, and says so."""
    started = time.monotonic()
    file = str(installed.lab.dir / "lab.yaml")
    run = HauiRun(installed.lab, "apply", file, "--yes", state=installed.state)
    assert run.finish() == 0, run.talk()
    seconds = time.monotonic() - started
    changed = {e["step"] for e in run.of("task_finished", outcome="ok")}
    assert {step for step in changed if not step.startswith("verify.")} == set()
    assert "nothing to change" in run.talk()
    print(f"\napply on the finished cluster: {seconds:.1f} s")
    assert seconds < 30


def test_preflight_has_nothing_against_a_cluster_that_stands(installed: Installed) -> None:
    """What an install has placed, and what nodes have made, is in nobody's way: a host that is
    added to the cluster file brings a preflight of all of them."""
    file = str(installed.lab.dir / "lab.yaml")
    run = HauiRun(installed.lab, "preflight", file, state=installed.state)
    assert run.finish() == 0, run.talk()
    assert {e["host"] for e in run.of("task_finished", step="preflight.supply")} == set(
        installed.lab.hosts
    )


def test_no_secret_is_left_anywhere(installed: Installed, tmp_path: Path) -> None:
    """Planted passwords, tokens and keys: not in arguments, journals, logs, files of hosts, and the
    archive for somebody who helps."""
    assert installed.canaries.samples > 100
    assert installed.canaries.leaks == []
    assert installed.canaries.found_in_folder(installed.state, skip=("admin.conf",)) == []
    for host in installed.lab.hosts:
        found = installed.canaries.found_on_host(host)
        assert [item for item in found if not item.startswith(LOGIN_FILE)] == [], host
        assert any(item.startswith(LOGIN_FILE) for item in found), "the search itself must work"
    bundled = haui(installed.lab, "report", "lab", "--bundle", str(tmp_path), state=installed.state)
    assert bundled[0] == 0, bundled
    (archive,) = tmp_path.glob("*.tar.gz")
    assert str(archive) in bundled[1]
    assert b"control_plane.init" in gzip.decompress(archive.read_bytes()), "nothing is in it"
    assert installed.canaries.found_in_archive(archive) == []


def test_state_folder_is_private(installed: Installed) -> None:
    """0700 for folders, 0600 for files."""
    for path in [installed.state, *installed.state.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert path.stat().st_mode & 0o777 == expected, path


def test_the_cluster_survives_what_it_promises(installed: Installed) -> None:
    """The holder of the VIP loses power, then a member of etcd is killed; the gaps are printed."""
    for outage in Drill(installed.lab, installed.state, installed.lab.vip, PORT).all():
        print(f"\n{outage}")


def test_a_reset_gives_the_hosts_back_as_they_were(installed: Installed) -> None:
    """The last of these tests. What is different on purpose is printed with its reason."""
    begun = time.monotonic()
    refused = haui(installed.lab, "reset", "lab", "--yes", state=installed.state)
    assert refused[0] == 2, "without the cluster's name nothing is removed"
    run = HauiRun(installed.lab, "reset", "lab", "--confirm", "lab", state=installed.state)
    assert run.finish() == 0, run.talk()
    print(f"\nreset of five hosts: {time.monotonic() - begun:.0f} s")
    told = since(installed.lab, installed.before)
    print(report(told))
    assert {host: [str(each) for each in found.strange] for host, found in told.items()} == {
        host: [] for host in installed.lab.hosts
    }
