"""Packages, registries and images: what a host told, and what it means."""

from __future__ import annotations

from typing import Any

import pytest

from haui.events import Finding
from haui.rehearsal.facts import told
from haui.spec import ClusterSpec
from steps import preflight_plan
from steps.checks import BY_ID, CATALOGUE, Look, thresholds
from steps.checks.packages import numbers
from tests.unit import checks
from tests.unit.checks import fleet
from tests.unit.specs import CA, shapes, spec

STEP = "preflight.supply"
ENV = "/etc/environment"
FRESH = thresholds.LISTS_FRESH_H
HUB = "https://hub.lan"
K8S = "registry.k8s.io/"
PRODUCTION = spec(profile="production")
MIRRORED = spec(
    supply={
        "images": {
            "registries": {"registry.k8s.io": f"{HUB}/k8s", "ghcr.io": f"{HUB}/ghcr"},
            "ca": "ca.pem",
            "ca_pem": CA,
            "username": "puller",
        }
    }
)
SUPPLY = [check.id for check in CATALOGUE if check.area == "supply"]


def ask(check: str, changes: dict[str, object] | None = None, **more: Any) -> Finding:
    return checks.ask(check, changes, step=STEP, **more)


def judged(check: str, changes: dict[str, object], cluster: ClusterSpec) -> str:
    return ask(check, changes, cluster=cluster).verdict


@pytest.mark.parametrize("name", sorted(shapes()))
def test_healthy_hosts_pass(name: str) -> None:
    cluster = shapes()[name]
    evidence = fleet(cluster)
    found = [
        BY_ID[check].finding(Look(cluster, host, evidence))
        for host in cluster.hosts
        for check in SUPPLY
        if BY_ID[check].on(cluster, host)
    ]
    assert {
        f"{one.check}: {one.verdict} {one.seen}" for one in found if one.verdict != "ok"
    } == set()
    assert len({one.check for one in found}) >= 14


@pytest.mark.parametrize("check", SUPPLY)
def test_what_was_cut_off_is_skipped_and_says_so(check: str) -> None:
    found = ask(check, {"end": None, "apt": None, "http.tool": None})
    evidence = fleet(PRODUCTION)
    assert evidence.reading(STEP, "cp1") is not None
    evidence.readings[STEP].pop("cp1")
    found = BY_ID[check].finding(Look(PRODUCTION, PRODUCTION.host("cp1"), evidence))
    assert found.verdict == "skipped"
    assert "did not come to the end" in found.seen


def test_a_cluster_that_needs_no_names_does_not_ask_for_any() -> None:
    cluster = shapes()["dedicated-lb"]
    assert not BY_ID["supply.names"].on(cluster, cluster.host("lb1"))
    assert not BY_ID["supply.images"].on(cluster, cluster.host("lb1"))
    assert not BY_ID["supply.mirror"].on(cluster, cluster.host("lb1"))
    assert BY_ID["supply.packages"].on(cluster, cluster.host("lb1"))


ROWS: tuple[tuple[str, dict[str, object], str, str], ...] = (
    ("lock", {"lock": "/var/lib/dpkg/lock 812 unattended"}, "warning", "unattended (812)"),
    ("lock", {"unit": "apt-daily.service activating"}, "warning", "apt-daily.service"),
    ("dpkg", {"dpkg.broken": ["iHR ed", "iU_ vim"]}, "blocked", "half-installed: ed"),
    ("dpkg", {"dpkg.broken": "iFR ed"}, "blocked", "ed"),
    ("dpkg", {"dpkg.broken": "iF_ vim"}, "warning", "vim (iF_)"),
    ("dpkg", {"dpkg.broken": "iU_ vim"}, "warning", "vim (iU_)"),
    ("dpkg", {"dpkg.broken": "it_ man-db"}, "ok", ""),
    ("dpkg", {"dpkg.updates": "yes"}, "warning", "interrupted"),
    ("dpkg", {"apt": "no"}, "skipped", "neither apt"),
    ("held", {"held": "kubelet", "package": "kubelet 1.33.1-1.1 -"}, "warning", "kubelet 1.33.1"),
    ("held", {"held": "kubelet", "package": "kubelet 1.34.2-1.1 -"}, "ok", ""),
    ("held", {"held": "haproxy"}, "info", "haproxy"),
    ("names", {"name": ["pkgs.k8s.io 6000 -", "ghcr.io 3 192.0.2.1"]}, "blocked", "pkgs.k8s.io"),
    ("names", {"name": "ghcr.io 1000 192.0.2.1"}, "ok", "192.0.2.1"),
    ("names", {"name": "ghcr.io 1001 192.0.2.1"}, "warning", "1001 ms"),
    ("names", {"name": None}, "skipped", "no name"),
    ("mirror", {"mirror": "failed", "mirror.said": "E: NO_PUBKEY 234654"}, "blocked", "PUBKEY"),
    ("mirror", {"mirror": "failed", "mirror.said": "Could not resolve 'x'"}, "blocked", "resolve"),
    ("mirror", {"mirror": None}, "skipped", "did not try"),
    ("mirror", {"apt": "no"}, "skipped", "neither apt"),
    ("versions", {"mirror": "failed"}, "skipped", "can't be read"),
    ("versions", {"offered": ["kubeadm 1.34.2-1.1", "kubelet 1.34.2-1.1"]}, "blocked", "kubectl"),
    ("versions", {"offered": "kubeadm 1.34.20-1.1"}, "blocked", "kubeadm"),
    ("sources", {"source": "http://deb.lan E: refused"}, "blocked", "refused"),
    ("sources", {"source": ["http://a.lan E: refused", "http://b.lan ok"]}, "warning", "refused"),
    ("sources", {"source": "http://a E: refused", "package": "curl 7 7"}, "info", "not needed"),
    ("sources", {"source": None}, "warning", "no source"),
    ("sources", {"source": None, "package": "curl 7.8 7.8"}, "ok", ""),
    ("sources", {"apt.sources": "E: Malformed entry 3 in list file"}, "blocked", "Malformed"),
    ("packages", {"package": "socat - -"}, "blocked", "socat"),
    ("packages", {"package": "socat - -", "lists": "none"}, "info", "empty"),
    ("packages", {"package": "socat - -", "lists": FRESH}, "blocked", "socat"),
    ("packages", {"package": "socat - -", "lists": FRESH + 1}, "warning", "14 days"),
    ("packages", {"package": "cri-tools - -", "mirror": "failed"}, "ok", ""),
    ("packages", {"package": "cri-tools - -"}, "blocked", "cri-tools"),
    ("packages", {"package": "socat 1.7 -"}, "ok", "installed"),
    ("packages", {"package": None}, "skipped", "did not say"),
    ("packages", {"simulate": "E: Unable to correct problems"}, "blocked", "Unable"),
    ("floors", {"package": ["haproxy - 1.8.4", "keepalived - 2.0"]}, "blocked", "haproxy 1.8.4"),
    ("floors", {"package": "keepalived 1:1.3.9-1 -"}, "blocked", "keepalived 1:1.3.9"),
    ("floors", {"package": "keepalived - 1:2.0.0-1"}, "ok", "2.0.0"),
    ("floors", {"package": "containerd - 1.5.13~ds1"}, "blocked", "containerd 1.5.13"),
    ("floors", {"package": "containerd 2.1.3-1 -"}, "ok", "2.1.3"),
    ("floors", {"package": "socat - 1"}, "skipped", "known"),
    ("proxy", {"proxy.own": "/etc/environment https_proxy=http://p:1"}, "info", "http://p:1"),
    ("proxy", {"proxy.own": "/etc/environment no_proxy=.lan"}, "ok", ""),
    ("no-proxy", {"proxy.own": "/etc/environment https_proxy=http://p"}, "warning", "api.atlas"),
    (
        "no-proxy",
        {"proxy.own": [f"{ENV} https_proxy=http://p", f'{ENV} no_proxy="a,.lan"']},
        "ok",
        "api.atlas.lan",
    ),
    (
        "no-proxy",
        {"proxy.own": [f"{ENV} HTTPS_PROXY=http://p", f"{ENV} NO_PROXY=las.lan"]},
        "warning",
        "api.atlas.lan",
    ),
    ("registry", {"registry": f"{HUB} 000 connect Connection refused"}, "blocked", "refused"),
    ("registry", {"registry": f"{HUB} 000 dns Could not resolve"}, "blocked", "resolve"),
    ("registry", {"registry": f"{HUB} 502 ok x"}, "blocked", "502"),
    ("registry", {"registry": f"{HUB} 401 ok x"}, "ok", "401"),
    ("registry", {"registry": f"{HUB} 000 tls x"}, "skipped", "talked"),
    ("registry", {"registry": None}, "skipped", "no registry"),
    ("registry", {"http.tool": "none"}, "skipped", "needs curl, wget or python3"),
    ("registry-ca", {"registry.trust": f"{HUB} nobody CN=Evil"}, "blocked", "issued by CN=Evil"),
    ("registry-ca", {"registry.trust": f"{HUB} unknown CN=R11"}, "info", "no certificate"),
    ("registry-ca", {"registry.trust": f"{HUB} plain -"}, "ok", "plain"),
    ("registry-ca", {"registry.trust": None}, "skipped", "talked"),
    ("images", {"image": f"{K8S}pause:3.10.1 absent x"}, "blocked", "pause:3.10.1"),
    ("images", {"image": f"{K8S}pause:3.10.1 refused x"}, "blocked", "without a login"),
    ("images", {"image": f"{K8S}etcd:3.6.5-0 absent x"}, "warning", "kubeadm says"),
    ("images", {"image": f"{K8S}e2e-test-images/agnhost:2.47 absent x"}, "warning", "agnhost"),
    ("images", {"image": f"{K8S}pause:3.10.1 failed timeout: x"}, "blocked", "timeout"),
    ("images", {"image": f"{K8S}pause:3.10.1 limited x"}, "warning", "had enough"),
    ("images", {"image": f"{K8S}pause:3.10.1 login x"}, "info", "login, which is not tried"),
    ("images", {"image": f"{K8S}pause:3.10.1 present x"}, "info", "not tried"),
    ("images", {"image": None}, "skipped", "no time"),
    ("images", {"image": f"{K8S}other:1 absent x"}, "skipped", "no time"),
    ("arch", {"image.arch": f"{K8S}pause:3.10.1 arm64,s390x"}, "blocked", "arm64, s390x"),
    ("arch", {"image.arch": None}, "skipped", "no image"),
    ("layers", {"layers": f"{HUB} 000 dns Could not resolve host: cdn"}, "blocked", "cdn"),
    ("layers", {"layers": f"{HUB} 403 ok x"}, "blocked", "403"),
    ("layers", {"layers": None}, "skipped", "tried"),
    ("rate", {"rate": "https://registry.k8s.io 39"}, "warning", "39 pulls left, 40"),
    ("rate", {"rate": "https://registry.k8s.io 40"}, "ok", "40 left"),
    ("rate", {"rate": "https://registry.k8s.io -"}, "ok", ""),
)  # fmt: skip


@pytest.mark.parametrize(("check", "changes", "verdict", "seen"), ROWS)
def test_verdicts(check: str, changes: dict[str, object], verdict: str, seen: str) -> None:
    found = ask(f"supply.{check}", changes)
    assert (found.verdict, seen in found.seen) == (verdict, True), found.seen
    if verdict in ("warning", "blocked"):
        assert found.fix and found.why
    if verdict != "ok":
        assert found.seen


def test_every_check_was_seen_failing() -> None:
    failed = {f"supply.{row[0]}" for row in ROWS if row[2] in ("warning", "blocked")}
    elsewhere = {"supply.proxy", "supply.registry-program", "supply.registry-archive"}
    assert set(SUPPLY) - failed == elsewhere, "which have tests of their own"


def test_a_sick_registry_stops_production_only() -> None:
    sick: dict[str, object] = {"registry": f"{HUB} 502 ok x"}
    assert judged("supply.registry", sick, spec()) == "warning"
    assert judged("supply.registry", sick, PRODUCTION) == "blocked"


def test_packages_that_must_be_installed_again_by_a_command() -> None:
    found = ask("supply.dpkg", {"dpkg.broken": ["iHR libc6:amd64", "iHR a;b"]})
    assert found.fix_kind == "command"
    assert found.fix_with == "apt-get install -y --reinstall libc6:amd64 'a;b'"


def test_versions_to_choose_from_are_those_that_all_three_have() -> None:
    rows = [f"{name} 1.34.{n}-1.1" for name in preflight_plan.KUBERNETES for n in (1, 9, 10)]
    found = ask("supply.versions", {"offered": [*rows, "kubeadm 1.34.11-1.1"]})
    assert found.fix == "Choose one of 1.34.10, 1.34.9, 1.34.1."
    assert (found.fix_kind, found.fix_with) == ("answer", "cluster")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("The following signatures couldn't be verified: NO_PUBKEY 1", "answer"),
        ("Certificate verification failed: The certificate is NOT trusted", "words"),
        ("404  Not Found", "answer"),
    ],
)
def test_a_mirror_that_fails_is_mended_where_the_fault_is(said: str, kind: str) -> None:
    found = ask("supply.mirror", {"mirror": "failed", "mirror.said": said})
    assert found.verdict == "blocked"
    assert found.fix_kind == ("" if kind == "words" else kind)


def test_a_wrong_ca_is_an_answer_and_an_unknown_authority_is_the_hosts() -> None:
    lost: dict[str, object] = {"registry.trust": f"{HUB} nobody CN=lab"}
    found = ask("supply.registry-ca", lost, cluster=MIRRORED)
    assert (found.verdict, found.fix_kind) == ("blocked", "answer")
    assert "supply.images.ca" in found.fix
    elsewhere: dict[str, object] = {"registry.trust": "https://quay.lan nobody CN=lab"}
    found = ask("supply.registry-ca", elsewhere, cluster=MIRRORED)
    assert (found.verdict, found.fix_kind) == ("blocked", "")


def test_a_ca_that_is_not_needed_is_said() -> None:
    found = ask("supply.registry-ca", {"registry.trust": f"{HUB} system CN=R11"}, cluster=MIRRORED)
    assert found.verdict == "info"


def test_only_what_the_hosts_own_sources_must_give_needs_them() -> None:
    """Our source brings haproxy, but it is added after the base packages."""
    silent: dict[str, object] = {
        "source": "http://a.lan E: refused",
        "mirrored": ["haproxy", "socat"],
        "package": "haproxy - 2.6",
    }
    assert judged("supply.sources", silent, PRODUCTION) == "info"
    assert judged("supply.sources", {**silent, "package": "socat - 1"}, PRODUCTION) == "blocked"


def test_a_proxy_that_does_not_answer() -> None:
    cluster = spec(supply={"proxy": {"https": "http://proxy.lan:3128"}})
    lost: dict[str, object] = {"proxy": "http://proxy.lan:3128 000 connect refused"}
    assert judged("supply.proxy", lost, cluster) == "blocked"
    assert "10.30.0.100" in ask("supply.proxy", cluster=cluster).seen


def test_a_proxy_of_the_host_matters_where_nothing_is_reached() -> None:
    own: dict[str, object] = {
        "proxy.own": '/etc/apt/apt.conf.d/1 Acquire::http::Proxy "http://p";',
        "registry": f"{HUB} 000 connect refused",
    }
    assert judged("supply.proxy", own, PRODUCTION) == "warning"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1:2.2.7-1+b2", (2, 2, 7)),
        ("2.6.12-1+deb12u1", (2, 6, 12)),
        ("1.6.20~ds1-1", (1, 6, 20)),
        ("v2", (2,)),
        ("git2024", ()),
        ("", ()),
    ],
)
def test_numbers_of_versions(text: str, parts: tuple[int, ...]) -> None:
    assert numbers(text) == parts


@pytest.mark.parametrize(
    ("version", "containerd", "verdict"),
    [
        ("1.25.0", "1.5.9", "ok"),
        ("1.26.0", "1.5.9", "blocked"),
        ("1.26.0", "1.6.0", "ok"),
        ("1.22.0", "2.0.0", "blocked"),
        ("1.22.0", "1.7.0", "ok"),
        ("1.23.0", "2.0.0", "ok"),
    ],
)
def test_containerd_fits_kubernetes(version: str, containerd: str, verdict: str) -> None:
    cluster = spec(kubernetes={"version": version})
    assert judged("supply.floors", {"package": f"containerd {containerd} -"}, cluster) == verdict


@pytest.mark.parametrize("check", SUPPLY)
@pytest.mark.parametrize("junk", ["", "\x00", "a b c d e f", "- - - - -", "99999999999999999999 x"])
def test_garbage_is_never_an_error(check: str, junk: str) -> None:
    keys = {key for key, _ in told(STEP, PRODUCTION, PRODUCTION.host("cp1"))} | {
        *("lock", "unit", "dpkg.broken", "held", "mirror.said", "proxy", "proxy.own", "rate"),
    }
    found = ask(check, dict.fromkeys(sorted(keys), junk))
    assert "could not judge" not in found.seen
