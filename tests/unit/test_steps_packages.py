"""Package sources, and the package manager behind one name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from steps import osfamily, osfamily_apt, packages
from tests.unit.shell_host import ShellHost, with_systemctl
from tests.unit.specs import KEY, shapes, spec

SOURCE = packages.STEPS[1]
DPKG = """
for name do :; done
[ -f "$STATE/installed-$name" ] && echo "installed $(cat "$STATE/installed-$name")"
[ -f "$STATE/installed-$name" ]
"""


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    with_systemctl(host)
    host.fake("dpkg-query", DPKG)
    host.fake("dpkg")
    host.fake("apt-mark", 'if [ "$1" = showhold ]; then cat "$STATE/held" 2>/dev/null; fi')
    return host


def installed(host: ShellHost, **versions: str) -> None:
    for name, version in versions.items():
        (Path(host.env["STATE"]) / f"installed-{name.replace('_', '-')}").write_text(version)


def source(**supply: Any) -> dict[str, bytes]:
    cluster = spec(supply={"packages": supply}) if supply else spec()
    return {file.path: file.content for file in osfamily.DEBIAN.source_files(cluster)}


LIST = "/etc/apt/sources.list.d/haui-kubernetes.list"


def test_the_community_source_is_that_of_the_minor() -> None:
    assert source() == {
        LIST: b"deb [signed-by=/etc/apt/keyrings/haui-kubernetes.asc] "
        b"https://pkgs.k8s.io/core:/stable:/v1.34/deb/ ./\n"
    }


def test_a_mirror_is_trusted_by_its_key_and_without_one_only_when_asked() -> None:
    signed = source(mirror="http://m.lan/haui", key="k.asc", key_text=KEY)
    assert signed[osfamily_apt.KEY_PATH] == KEY.encode()
    assert b"signed-by=" in signed[LIST]
    unsigned = source(mirror="http://m.lan/haui", unsigned=True)
    assert unsigned == {LIST: b"deb [trusted=yes] http://m.lan/haui/ ./\n"}


@pytest.mark.parametrize(
    ("supply", "key_from"),
    [
        ({}, "url"),
        ({"mirror": "https://m.lan/x"}, "url"),
        ({"mirror": "http://m.lan/x"}, "nowhere"),
        ({"mirror": "http://m.lan/x", "key_text": KEY}, "file"),
        ({"mirror": "http://m.lan/x", "unsigned": True}, "unsigned"),
    ],
)
def test_a_key_is_never_taken_over_plain_http(supply: dict[str, Any], key_from: str) -> None:
    env = osfamily.DEBIAN.source_env(spec(supply={"packages": supply}))
    assert env["HAUI_KEY_FROM"] == key_from


def test_apt_reaches_a_mirror_inside_without_the_proxy() -> None:
    def settings(**proxy: Any) -> str:
        supply = {
            "packages": {"mirror": "http://m.lan/x", "unsigned": True},
            "proxy": {"http": "http://p:1", **proxy},
        }
        files = osfamily.DEBIAN.proxy_files(spec(supply=supply))
        return files[-1].content.decode()

    assert settings(no_proxy=[".lan"]).splitlines() == [
        'Acquire::http::Proxy "http://p:1";',
        'Acquire::http::Proxy::m.lan "DIRECT";',
    ]
    assert "DIRECT" not in settings()


def probe_source(host: ShellHost, **supply: Any) -> Any:
    cluster = spec(supply={"packages": supply})
    call = SOURCE.work(cluster, cluster.hosts[0], {}).probe
    assert call is not None
    return host.run(call.script, call.env)


def test_the_source_is_proved_by_an_offer_of_the_asked_version(host: ShellHost) -> None:
    host.write(osfamily_apt.KEY_PATH, KEY)
    host.fake("apt-cache", 'echo " $2 | 1.34.20-1.1 | x"; echo " $2 | 1.34.2-1.1 | x"')
    ran = probe_source(host)
    assert ran.done
    assert ran.findings["offered kubeadm"].seen == "1.34.2-1.1"
    host.fake("apt-cache", 'echo " $2 | 1.34.20-1.1 | x"')
    assert probe_source(host).verdict("offered kubelet") == "differs"


def test_a_mirror_that_can_not_be_trusted_needs_a_person(host: ShellHost) -> None:
    host.fake("apt-cache")
    ran = probe_source(host, mirror="http://m.lan/x")
    assert ran.verdict("key of the packages") == "blocked"
    assert "unsigned" in ran.findings["key of the packages"].expected
    assert probe_source(host, mirror="http://m.lan/x", key_text=KEY).findings[
        "key of the packages"
    ].verdict == "differs"  # fmt: skip


def test_only_our_source_is_refreshed(host: ShellHost) -> None:
    host.fake("apt-get")
    host.fake("apt-cache", 'echo " $2 | 1.34.2-1.1 | x"')
    host.write(osfamily_apt.KEY_PATH, KEY)
    cluster = spec(supply={"packages": {"mirror": "http://m.lan/x", "key_text": KEY}})
    call = SOURCE.work(cluster, cluster.hosts[0], {}).apply
    assert call is not None
    assert host.run(call.script, call.env).status == 0
    (update,) = [line for line in host.calls if line.startswith("apt-get")]
    assert f"Dir::Etc::sourcelist={LIST}" in update
    assert "Dir::Etc::sourceparts=-" in update


APT_GET = """
for n do :; done
case " $* " in
    *" -s "*) echo "Inst curl [7.88] (7.89 Debian [amd64])"; echo "Inst $n (1.7 Debian [amd64])" ;;
    *) echo 1.7 >"$STATE/installed-$n" ;;
esac
"""


def changing(host: ShellHost) -> list[str]:
    """The calls of apt-get that are no mere simulation."""
    return [line for line in host.calls if line.startswith("apt-get") and " -s " not in line]


def test_missing_packages_are_installed_and_nothing_else(host: ShellHost) -> None:
    names = {"HAUI_PACKAGES_DEBIAN": "curl socat", "HAUI_PACKAGES_REDHAT": "none"}
    installed(host, curl="7.88")
    probe = host.run("packages_base_probe", names)
    assert (probe.verdict("package curl"), probe.verdict("package socat")) == ("ok", "differs")
    host.fake("apt-get", APT_GET)
    assert host.run("packages_base_apply", names).status == 0
    (call,) = changing(host)
    assert call.endswith(" install socat")
    assert "DPkg::Lock::Timeout=300" in call
    assert host.run("packages_base_probe", names).done
    assert host.run("packages_base_apply", names).status == 0
    assert len(changing(host)) == 1
    notes = host.folder / "root/var/lib/haui/before/noted/package"
    assert sorted(path.name for path in notes.iterdir()) == ["curl.v", "socat.v"]
    assert ((notes / "socat.v").read_text(), (notes / "curl.v").read_text()) == ("absent", "7.88")


def test_stale_lists_are_refreshed_once(host: ShellHost) -> None:
    host.fake(
        "apt-get",
        """
case " $* " in
    *" update "*) touch "$STATE/fresh" ;;
    *) [ -f "$STATE/fresh" ] || { echo "E: Unable to locate package socat" >&2; exit 100; } ;;
esac
""",
    )
    assert host.run("packages_base_apply", {"HAUI_PACKAGES_DEBIAN": "socat"}).status == 0
    kinds = ["update" if " update" in c else "install" for c in changing(host)]
    assert kinds == ["install", "update", "install"]


def test_a_package_that_can_not_be_had_is_named(host: ShellHost) -> None:
    host.fake("apt-get", "echo 'E: Unable to locate package socat' >&2; exit 100")
    ran = host.run("packages_base_apply", {"HAUI_PACKAGES_DEBIAN": "socat"})
    assert ran.status == 1
    assert "can't be installed: socat" in ran.stderr


def test_a_lock_of_another_package_manager_is_waited_for(host: ShellHost) -> None:
    host.fake("sleep")
    host.fake(
        "apt-get",
        """
case " $* " in *" install "*) [ -f "$STATE/fresh" ]; exit ;; esac
echo x >>"$STATE/tries"
[ "$(wc -l <"$STATE/tries")" -ge 3 ] && { touch "$STATE/fresh"; exit 0; }
echo "E: Could not get lock /var/lib/apt/lists/lock" >&2; exit 100
""",
    )
    assert host.run("packages_base_apply", {"HAUI_PACKAGES_DEBIAN": "socat"}).status == 0
    assert host.calls.count("sleep 5") == 2


def kubernetes(host: ShellHost) -> Any:
    return host.run("runtime_kubernetes_probe", {"HAUI_VERSION": "1.34.2"})


def test_kubernetes_is_proved_by_version_hold_and_unit(host: ShellHost) -> None:
    names = {"cri_tools": "1.34.0-1.1", "kubernetes_cni": "1.7.1-1.1"}
    programs = dict.fromkeys(("kubeadm", "kubelet", "kubectl"), "1.34.2-1.1")
    installed(host, **names, **programs)
    state = Path(host.env["STATE"])
    (state / "enabled-kubelet").write_text("enabled\n")
    assert kubernetes(host).verdict("hold on kubelet") == "differs"
    (state / "held").write_text("kubeadm\nkubectl\nkubelet\n")
    assert kubernetes(host).done
    installed(host, kubelet="1.34.20-1.1")
    assert kubernetes(host).verdict("package kubelet") == "differs"
    host.write("/etc/kubernetes/kubelet.conf", "x")
    assert kubernetes(host).verdict("package kubelet") == "blocked"


def test_kubernetes_is_installed_at_the_asked_version_and_held(host: ShellHost) -> None:
    host.fake("apt-cache", 'echo " $2 | 1.34.3-1.1 | x"; echo " $2 | 1.34.2-2.1 | x"')
    host.fake("apt-get")
    ran = host.run("runtime_kubernetes_apply", {"HAUI_VERSION": "1.34.2"})
    assert ran.status == 0, ran.stderr
    (call,) = changing(host)
    for name in ("kubeadm", "kubelet", "kubectl"):
        assert f" {name}=1.34.2-2.1" in call
    assert "apt-mark hold kubeadm kubelet kubectl" in host.calls
    assert "systemctl enable kubelet" in host.calls


def test_a_version_that_is_not_offered_is_not_replaced_by_another(host: ShellHost) -> None:
    host.fake("apt-cache", 'echo " $2 | 1.34.3-1.1 | x"')
    host.fake("apt-get")
    ran = host.run("runtime_kubernetes_apply", {"HAUI_VERSION": "1.34.2"})
    assert ran.status == 1
    assert not any(line.startswith("apt-get") for line in host.calls)


def test_balancers_need_few_packages_and_ipvs_needs_its_tools() -> None:
    dedicated = shapes()["dedicated-lb"]
    assert "conntrack" not in packages.base_packages(
        dedicated, dedicated.host("lb1"), osfamily.DEBIAN
    )
    ipvs = shapes()["ipvs"]
    assert "ipvsadm" in packages.base_packages(ipvs, ipvs.hosts[0], osfamily.DEBIAN)
