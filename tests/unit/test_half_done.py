"""Every state that a kubeadm cut off by a kill or a power cut can leave, and what is made of it.

A row is what is found on the host and in the cluster, and the calls that change something. Members,
Nodes and files of other hosts are there in each row, and must never be touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.unit import test_steps_control_plane_init as init_tests
from tests.unit import test_steps_control_plane_join as join_tests
from tests.unit import test_steps_workers as worker_tests
from tests.unit.joins import CP1, LEARNER, UNSTARTED, VOTER
from tests.unit.shell_fakes import Ran, Shell

first = init_tests.host
joining = join_tests.host
worker = worker_tests.host

PKI = ("pki/ca.key", "pki/sa.key")
CONFS = ("admin.conf", "kubelet.conf", "controller-manager.conf", "scheduler.conf")
API = tuple(f"manifests/kube-{c}.yaml" for c in ("apiserver", "controller-manager", "scheduler"))
ETCD = ("manifests/etcd.yaml",)
BOOTSTRAP = ("bootstrap-kubelet.conf",)
ALL = (*PKI, "pki/ca.crt", *CONFS, *API, *ETCD)
CONTENT = "    server: https://api.lab.lan:8443\n    # kubelet-client-current\n"
CERTIFICATE = "/var/lib/kubelet/pki/kubelet-client-current.pem"
DATA = "/var/lib/etcd/member/wal"
METRICS = "    - --listen-metrics-urls=http://127.0.0.1:2381\n"
MARK = "/var/lib/haui/half-done"

REMOVE, RESET, NODE = "member remove b2", "kubeadm reset", "delete node cp2"
JOIN, INIT, MARKED = "kubeadm join", "kubeadm init", "mark-control-plane"
PROMOTE = "member promote b2"
AGAIN = (RESET, NODE, JOIN)
CHANGES = (REMOVE, PROMOTE, RESET, NODE, MARKED, "init phase", "join phase", JOIN, INIT)


@dataclass(frozen=True)
class Row:
    """`on` are switches: api (this host's API server answers), labelled, node. `empty` are files
    whose content a power cut has taken, `certificate` whether the kubelet has its own,
    `begun` whether a kubeadm of haui has begun and not ended.
    `fails` is what the message must hold where nothing may be undone; `rare`
    rows go the way of another one through the script, and are left to the thorough run."""

    name: str
    does: tuple[str, ...]
    files: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    member: str = ""
    on: tuple[str, ...] = ()
    certificate: bool = False
    data: bool = False
    begun: bool = True
    fails: str = ""
    minor: str = "20"
    rare: bool = False

    @property
    def param(self) -> object:
        """As a parameter of a test."""
        marks = [pytest.mark.thorough] if self.rare else []
        return pytest.param(self, id=self.name, marks=marks)


def prepared(shell: Shell, row: Row) -> Shell:
    """The host as the row has it."""
    for name in row.files:
        shell.put(f"/etc/kubernetes/{name}", CONTENT)
    for name in row.empty:
        shell.put(f"/etc/kubernetes/{name}")
    if row.member:
        (shell.folder / "fake/own").write_text(row.member + "\n")
    for switch in row.on:
        shell.mark(switch)
    if row.certificate:
        shell.put(CERTIFICATE, "x")
    if row.data:
        shell.put(DATA, "raft")
    if row.begun:
        shell.put(MARK, "api.lab.lan:8443\n")
    return shell


def changes(ran: Ran) -> tuple[str, ...]:
    """What was changed, in its order, as the rows name it."""
    return tuple(
        next(change for change in CHANGES if change in call)
        for call in ran.calls
        if any(change in call for change in CHANGES)
    )


def judged(shell: Shell, row: Row, script: str, does: tuple[str, ...]) -> None:
    ran = prepared(shell, row).run(script, HAUI_MINOR=row.minor)
    assert changes(ran) == does, ran.output + ran.errors
    assert (ran.status != 0) == bool(row.fails), ran.errors
    assert row.fails in ran.errors
    assert not [c for c in ran.calls if "member remove" in c and not c.endswith(REMOVE)]
    if not row.fails:
        assert not shell.exists(MARK), "it has come to its end"
        assert not shell.exists("/etc/kubernetes/bootstrap-kubelet.conf"), "there is a token in it"


JOINS = (
    Row("nothing yet", (JOIN,), begun=False),
    Row("after preflight", (JOIN,), rare=True),
    Row("in download-certs: half of a pair", AGAIN, files=("pki/ca.key",)),
    Row("in download-certs: power cut", AGAIN, empty=("pki/ca.crt",), rare=True),
    Row("after certs", AGAIN, files=PKI, rare=True),
    Row("after kubeconfig", AGAIN, files=(*PKI, "admin.conf"), rare=True),
    Row("after control-plane-prepare", AGAIN, files=(*PKI, "admin.conf", *API), rare=True),
    Row("in kubelet-start, no certificate", AGAIN, files=(*PKI, "admin.conf", *API, *BOOTSTRAP)),
    Row("after kubelet-start, Node there", AGAIN, files=(*PKI, *CONFS, *API), on=("node",),
        rare=True),
    Row("member added, no manifest", (REMOVE, *AGAIN), files=(*PKI, *CONFS, *API),
        member=UNSTARTED, on=("node",)),
    Row("member added, manifest empty", (REMOVE, *AGAIN), files=(*PKI, *CONFS, *API), empty=ETCD,
        member=UNSTARTED, on=("node",), data=True, rare=True),
    Row("member added, etcd does not start", (REMOVE, *AGAIN), files=ALL, member=UNSTARTED,
        on=("node",), data=True),
    Row("learner in step", (PROMOTE, "join phase", MARKED), files=ALL, member=LEARNER,
        on=("node", "api"), minor="30"),
    Row("learner, kubelet without certificate", (REMOVE, *AGAIN), minor="34", member=LEARNER,
        files=(*PKI, "admin.conf", *API, *ETCD, *BOOTSTRAP), data=True),
    Row("learner, kubelet's request not answered", (REMOVE, *AGAIN), minor="34", member=LEARNER,
        files=(*ALL, *BOOTSTRAP), on=("api",), data=True),
    Row("voter, kubelet's bootstrap file left", (MARKED,), minor="34", member=VOTER,
        files=(*ALL, *BOOTSTRAP), on=("node", "api"), certificate=True),
    Row("voter, API server up, no label", ("join phase", MARKED), files=ALL, member=VOTER,
        on=("node", "api"), rare=True),
    Row("voter, API server never came up", (REMOVE, *AGAIN), files=ALL, member=VOTER,
        on=("node",), data=True),
    Row("voter, API server's manifest lost in a power cut", (REMOVE, *AGAIN), member=VOTER,
        files=(*PKI, *CONFS, *API[1:], *ETCD), empty=API[:1], on=("node",), data=True),
    Row("voter, keys lost in a power cut", (REMOVE, *AGAIN), files=ALL, empty=("pki/sa.pub",),
        member=VOTER, on=("node", "api")),
    Row("voter, scheduler's files lost in a power cut", ("join phase", "join phase"),
        files=(*PKI, *CONFS[:3], *API[:2], *ETCD), empty=("scheduler.conf", API[2]), member=VOTER,
        on=("node", "api", "labelled")),
    Row("all done, not noted", (), files=ALL, member=VOTER, on=("node", "api", "labelled")),
    Row("complete once, API server down", (), files=ALL, member=VOTER, on=("node", "labelled"),
        begun=False, fails="It was left alone"),
    Row("wiped, member and Node left", (REMOVE, *AGAIN), member=VOTER, on=("node",), begun=False,
        rare=True),
    Row("data of an unknown etcd", (RESET,), data=True, begun=False, fails="still holds data"),
)  # fmt: skip


@pytest.mark.parametrize("row", [row.param for row in JOINS])
def test_join_of_a_control_plane(joining: Shell, row: Row) -> None:
    mend = 'echo x >"$ROOT/etc/kubernetes/scheduler.conf"'
    joining.rules.insert(0, ("kubeadm join phase control-plane-prepare*", mend))
    does = row.does if row.minor == "20" else tuple(d for d in row.does if d != "join phase")
    judged(joining, row, "control_plane_join_apply", does)


@pytest.mark.parametrize("lost", [2, 3])
def test_an_answer_that_gets_lost_does_not_make_data_of_an_unknown_etcd_dead(
    joining: Shell, lost: int
) -> None:
    count = 'echo x >>"$FAKE/asked"; [ "$(wc -l <"$FAKE/asked")" -ne'
    joining.rules.insert(0, ("kubectl *member list", f"{count} {lost} ] && echo '{CP1}'"))
    ran = prepared(joining, Row("", (), data=True, begun=False)).run("control_plane_join_apply")
    assert ran.status != 0
    assert joining.exists(DATA), ran.errors


INITS = (
    Row("nothing yet", (INIT,), begun=False),
    Row("after preflight", (INIT,), rare=True),
    Row("in certs: half of a pair", (RESET, INIT), files=("pki/ca.key",)),
    Row("after certs", (RESET, INIT), files=(*PKI, "pki/ca.crt"), rare=True),
    Row("after kubeconfig", (RESET, INIT), files=(*PKI, *CONFS), rare=True),
    Row("after control-plane, no etcd", (RESET, INIT), files=(*PKI, *CONFS, *API)),
    Row("etcd's manifest lost in a power cut", (RESET, INIT), files=(*PKI, *CONFS, *API),
        empty=ETCD, data=True),
    Row("keys lost in a power cut", (RESET, INIT), files=ALL, empty=("pki/sa.key",), data=True),
    Row("API server never came up", (RESET, INIT), files=ALL, data=True),
    Row("API server up, no label", (MARKED,), files=ALL, on=("api", "endpoint"), data=True,
        rare=True),
    Row("scheduler's manifest lost in a power cut", ("init phase",), files=ALL, empty=API[2:],
        on=("api", "endpoint", "labelled")),
    Row("all done, not noted", (), files=ALL, on=("api", "endpoint", "labelled"), data=True),
    Row("complete once, API server down", (), files=ALL, data=True, begun=False,
        fails="Nothing was undone"),
    Row("data of an unknown etcd", (), data=True, begun=False, fails="holds the data of an etcd"),
)  # fmt: skip


@pytest.mark.parametrize("row", [row.param for row in INITS])
def test_init(first: Shell, row: Row) -> None:
    first.rules.insert(0, ("kubeadm init phase mark*", 'touch "$FAKE/labelled"'))
    judged(first, row, "control_plane_init_apply", row.does)


def test_a_first_control_plane_that_has_lost_its_quorum_is_left_alone(first: Shell) -> None:
    """A join was cut off after its member was added: all that there is of the cluster is here."""
    quorum = [
        ("curl *http://127.0.0.1:2381/metrics", "echo etcd_server_has_leader 0"),
        ("crictl ps -q --name*", "echo 0abc"),
        ("crictl exec 0abc *member list", f"echo '{CP1}'; echo '{UNSTARTED}'"),
    ]
    first.rules = [*quorum, *first.rules]
    row = Row("", (), files=ALL, data=True, fails="it misses b2 of 10.77.0.12")
    prepared(first, row).put("/etc/kubernetes/manifests/etcd.yaml", METRICS)
    ran = first.run("control_plane_init_apply")
    assert (ran.status, changes(ran)) == (1, ())
    assert row.fails in ran.errors
    assert "haui: fix: If etcd can be started" in ran.errors
    assert first.exists(DATA)


WORKERS = (
    Row("nothing yet", (JOIN,)),
    Row("in kubelet-start, no certificate", (RESET, JOIN), files=("pki/ca.crt", *BOOTSTRAP)),
    Row(
        "in kubelet-start, power cut",
        (RESET, JOIN),
        files=("pki/ca.crt",),
        empty=BOOTSTRAP,
        rare=True,
    ),
    Row("kubelet's certificate, no Node", (RESET, JOIN), files=("pki/ca.crt", "kubelet.conf")),
    Row("Node there, not ready", (), files=("pki/ca.crt", "kubelet.conf"), on=("node",)),
)


@pytest.mark.parametrize("row", [row.param for row in WORKERS])
def test_join_of_a_worker(worker: Shell, row: Row) -> None:
    ran = prepared(worker, row).run("workers_join_apply")
    assert ran.status == 0, ran.errors
    assert changes(ran) == row.does


@pytest.mark.parametrize("begun", [True, False])
def test_with_an_external_etcd_only_a_note_allows_to_undo(first: Shell, begun: bool) -> None:
    """etcd may be down for a moment, and every API server with it."""
    ran = prepared(first, Row("", (), files=ALL, begun=begun)).run(
        "control_plane_init_apply", HAUI_ETCD="external", HAUI_ETCD_MEMBERS=""
    )
    assert (RESET in changes(ran)) == begun
    assert begun or "Nothing was undone" in ran.errors


def test_half_of_what_a_reset_keeps_is_never_put_back(joining: Shell) -> None:
    """Killed while it was copied: the whole file is still in its place."""
    joining.put("/etc/kubernetes/manifests/kube-vip.yaml", "whole")
    joining.put("/etc/kubernetes/haui-kept.new/manifests/kube-vip.yaml", "who")
    assert joining.run("control_plane_join_apply").status == 0
    assert (joining.root / "etc/kubernetes/manifests/kube-vip.yaml").read_text() == "whole"
    assert not joining.exists("/etc/kubernetes/haui-kept.new")
