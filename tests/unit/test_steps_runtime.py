"""containerd, images, haproxy and keepalived: the scripts, run by /bin/sh with fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from haui.spec import ClusterSpec
from haui.step import Step
from steps import containerd, endpoint, proxy, runtime
from tests.unit.shell_host import SYSTEMCTL, Ran, ShellHost, with_systemctl
from tests.unit.specs import spec

CONTAINERD, _, IMAGES = runtime.STEPS
HAPROXY, KEEPALIVED = endpoint.HAPROXY, endpoint.KEEPALIVED


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path, env={"HAUI_ADDRESS": "10.30.0.11"})
    with_systemctl(host)
    host.fake("timeout", 'shift; exec "$@"')
    host.fake("sleep")
    host.fake("dpkg-query", "echo 'installed 1.0'")
    host.fake("ip", 'echo "2: ens7    inet 10.30.0.11/24 scope global ens7"')
    return host


def place(host: ShellHost, step: Step, cluster: ClusterSpec) -> None:
    for file in step.work(cluster, cluster.hosts[0], {}).files:
        host.write(file.path, file.content.decode(), file.mode)


def look(host: ShellHost, step: Step, cluster: ClusterSpec | None = None) -> Ran:
    cluster = cluster or spec()
    call = step.work(cluster, cluster.hosts[0], {}).probe
    assert call is not None
    return host.run(call.script, call.env, {k: v.decode() for k, v in call.inputs.items()})


def change(host: ShellHost, step: Step, cluster: ClusterSpec | None = None) -> Ran:
    cluster = cluster or spec()
    place(host, step, cluster)
    call = step.work(cluster, cluster.hosts[0], {}).apply
    assert call is not None
    return host.run(call.script, call.env, {k: v.decode() for k, v in call.inputs.items()})


def apply_again(host: ShellHost, step: Step) -> Ran:
    """Without placing files: they are unchanged."""
    call = step.work(spec(), spec().hosts[0], {}).apply
    assert call is not None
    return host.run(call.script, call.env)


def with_containerd(host: ShellHost, version: str) -> None:
    config = host.folder / "root/etc/containerd/config.toml"
    host.fake(
        "containerd",
        f'case $1 in --version) echo "containerd x {version} y" ;; config) cat "{config}" ;; esac',
    )
    host.fake(
        "ctr",
        """[ "$1" = version ] || echo 'io.containerd.grpc.v1 cri linux/amd64 ok'
[ ! -e "$STATE/mute" ]""",
    )


@pytest.mark.parametrize(
    ("version", "generation"), [("1.6.20~ds1", 2), ("v1.7.24", 2), ("v2.1.3", 3), ("2.3.0-rc1", 3)]
)
def test_containerd_gets_the_configuration_of_its_generation(
    host: ShellHost, version: str, generation: int
) -> None:
    with_containerd(host, version)
    host.write("/etc/containerd/config.toml", 'disabled_plugins = ["cri"]\n')
    assert not look(host, CONTAINERD).done
    ran = change(host, CONTAINERD)
    assert ran.status == 0, ran.stderr
    placed = host.read("/etc/containerd/config.toml")
    assert placed == host.read(f"/etc/haui/containerd/config-v{generation}.toml")
    assert (
        host.read("/var/lib/haui/before/kept/etc/containerd/config.toml")
        == 'disabled_plugins = ["cri"]\n'
    )
    assert look(host, CONTAINERD).done, look(host, CONTAINERD).stdout


def test_containerd_is_restarted_only_when_its_files_are_new(host: ShellHost) -> None:
    with_containerd(host, "1.6.20")
    assert change(host, CONTAINERD).status == 0
    assert apply_again(host, CONTAINERD).status == 0
    assert host.calls.count("systemctl restart containerd") == 1


def test_the_proxy_is_that_of_the_running_containerd(host: ShellHost) -> None:
    with_containerd(host, "1.6.20")
    given = {"https": "http://proxy.lan:3128", "no_proxy": [".lan"]}
    cluster = spec(supply={"proxy": given})
    expected = proxy.environment(cluster)
    host.fake("systemctl", f'[ "$1" != show ] || echo 4711\n{SYSTEMCTL}')
    change(host, CONTAINERD, cluster)
    other = "\0".join(["A=1", "HTTPS_PROXY=http://old.lan:1", "NO_PROXY=x"])
    host.write("/proc/4711/environ", other)
    ran = look(host, CONTAINERD, cluster)
    assert ran.verdict("HTTPS_PROXY of containerd") == "differs"
    assert ran.findings["NO_PROXY of containerd"].expected == expected["NO_PROXY"]
    assert "HTTP_PROXY of containerd" not in ran.findings, "none is given"
    host.write("/proc/4711/environ", "\0".join(f"{k}={v}" for k, v in expected.items()))
    assert look(host, CONTAINERD, cluster).done


def test_a_crash_between_placing_and_restarting_is_found(host: ShellHost) -> None:
    with_containerd(host, "1.6.20")
    change(host, CONTAINERD)
    config = host.folder / "root/etc/containerd/config.toml"
    text = config.read_text()
    config.unlink()
    config.write_text(text)
    ran = look(host, CONTAINERD)
    assert ran.verdict("configuration in use") == "differs"
    change(host, CONTAINERD)
    assert look(host, CONTAINERD).done
    assert host.calls.count("systemctl restart containerd") == 2


def test_the_effective_configuration_counts(host: ShellHost) -> None:
    with_containerd(host, "1.6.20")
    change(host, CONTAINERD)
    other = containerd.config_v2(spec()).replace("SystemdCgroup = true", "SystemdCgroup = false")
    host.write("/etc/containerd/config.toml", other)
    ran = look(host, CONTAINERD)
    assert ran.verdict("systemd cgroups for containers") == "differs"
    assert ran.verdict("pause image") == "ok"


def test_a_runtime_that_does_not_answer_is_an_error(host: ShellHost) -> None:
    with_containerd(host, "1.6.20")
    (Path(host.env["STATE"]) / "mute").touch()
    assert look(host, CONTAINERD).verdict("container runtime interface") == "differs"


@pytest.mark.parametrize(
    ("version", "kubernetes", "verdict"),
    [
        ("2.1.0", "1.22.1", "blocked"),
        ("2.1.0", "1.23.1", "ok"),
        ("1.5.9", "1.26.0", "blocked"),
        ("1.5.9", "1.20.2", "ok"),
        ("1.6.0", "1.36.0", "ok"),
    ],
)
def test_pairs_of_versions_that_can_not_work_are_refused(
    host: ShellHost, version: str, kubernetes: str, verdict: str
) -> None:
    with_containerd(host, version)
    found = look(host, CONTAINERD, spec(kubernetes={"version": kubernetes})).findings
    seen = [
        f.verdict for what, f in found.items() if what in ("containerd", f"containerd {version}")
    ]
    assert seen == [verdict]


AGENTS = (
    "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3", "ghcr.io/flannel-io/flannel:v0.28.9"
)  # fmt: skip
LISTED = "r/kube-apiserver:v1 r/kube-proxy:v1 r/pause:3.10.1 r/etcd:3 r/coredns/coredns:v1"


def with_images(host: ShellHost) -> None:
    rows = "\n".join(f"echo {image}" for image in LISTED.split())
    host.fake("kubeadm", f'grep -q "kind: ClusterConfiguration" "$5" || exit 3\n{rows}')
    host.fake(
        "crictl",
        """key=$(printf '%s' "$2" | tr / _)
case $1 in
    pull) case $2 in *etcd*) [ ! -e "$STATE/no-etcd" ] || { echo "not found" >&2; exit 1; } ;; esac
        touch "$STATE/image-$key" ;;
    inspecti) [ -e "$STATE/image-$key" ] ;;
esac""",
    )


def test_missing_images_are_pulled_and_present_ones_are_not(host: ShellHost) -> None:
    with_images(host)
    assert look(host, IMAGES).verdict("image r/etcd:3") == "differs"
    assert change(host, IMAGES).status == 0
    assert look(host, IMAGES).done
    pulled = [call.split()[2] for call in host.calls if call.startswith("crictl pull")]
    assert sorted(pulled) == sorted([*LISTED.split(), "registry.k8s.io/pause:3.10.1", *AGENTS])
    assert change(host, IMAGES).status == 0
    assert sum(call.startswith("crictl pull") for call in host.calls) == len(pulled)


def test_workers_pull_what_they_need(host: ShellHost) -> None:
    with_images(host)
    cluster = spec()
    call = IMAGES.work(cluster, cluster.host("wk1"), {}).probe
    assert call is not None
    ran = host.run(call.script, call.env, {k: v.decode() for k, v in call.inputs.items()})
    assert set(ran.findings) == {
        "image r/kube-proxy:v1", "image r/pause:3.10.1", "image registry.k8s.io/pause:3.10.1",
        *(f"image {image}" for image in AGENTS),
    }  # fmt: skip


def test_an_image_that_can_not_be_had_is_named(host: ShellHost) -> None:
    with_images(host)
    (Path(host.env["STATE"]) / "no-etcd").touch()
    ran = change(host, IMAGES)
    assert ran.status == 1
    assert "the image r/etcd:3 can't be pulled" in ran.stderr
    assert "supply.images" in ran.stderr


def test_without_a_list_of_images_nothing_is_proved(host: ShellHost) -> None:
    host.fake("kubeadm", "exit 1")
    assert look(host, IMAGES).verdict("list of images") == "differs"
    assert change(host, IMAGES).status == 1


def with_haproxy(host: ShellHost, valid: bool = True) -> None:
    host.fake("haproxy", "exit 0" if valid else 'echo "unknown keyword"; exit 1')
    host.fake("ss", "echo 'LISTEN 0 1 *:8443 *:* users:((\"haproxy\",pid=7,fd=3))'")


def test_haproxy_is_checked_started_and_then_only_reloaded(host: ShellHost) -> None:
    with_haproxy(host)
    assert not look(host, HAPROXY).done
    assert change(host, HAPROXY).status == 0
    assert look(host, HAPROXY).done
    assert "systemctl restart haproxy" in host.calls
    path = host.folder / "root" / endpoint.HAPROXY_CONFIG.lstrip("/")
    path.unlink()
    assert change(host, HAPROXY).status == 0
    assert host.calls.count("systemctl restart haproxy") == 1
    assert host.calls.count("systemctl reload haproxy") == 1
    assert look(host, HAPROXY).done


def test_a_configuration_that_haproxy_refuses_never_reaches_it(host: ShellHost) -> None:
    with_haproxy(host, valid=False)
    ran = change(host, HAPROXY)
    assert ran.status == 1
    assert "does not accept" in ran.stderr
    assert not any(call.startswith("systemctl re") for call in host.calls)


def test_somebody_else_on_the_port_is_seen(host: ShellHost) -> None:
    with_haproxy(host)
    change(host, HAPROXY)
    host.fake("ss", "echo 'LISTEN 0 1 *:8443 *:* users:((\"nginx\",pid=7,fd=3))'")
    assert look(host, HAPROXY).findings["who listens on port 8443"].seen == "nginx"


INTERFACE = "/etc/keepalived/haui-interface.conf"


def test_keepalived_finds_the_interface_of_the_hosts_address(host: ShellHost) -> None:
    host.fake("keepalived")
    assert change(host, KEEPALIVED).status == 0
    assert host.read(INTERFACE) == "$HAUI_INTERFACE=ens7\n"
    ran = look(host, KEEPALIVED)
    assert ran.done
    assert ran.verdict("virtual address 10.30.0.100") == "info"


def test_keepalived_follows_an_interface_that_was_renamed(host: ShellHost) -> None:
    host.fake("keepalived")
    change(host, KEEPALIVED)
    host.fake("ip", 'echo "2: eth9    inet 10.30.0.11/24 scope global eth9"')
    assert look(host, KEEPALIVED).verdict("interface of the virtual address") == "differs"
    assert change(host, KEEPALIVED).status == 0
    assert host.read(INTERFACE) == "$HAUI_INTERFACE=eth9\n"
    assert "systemctl reload keepalived" in host.calls
    assert look(host, KEEPALIVED).done


def test_without_an_interface_a_person_is_asked(host: ShellHost) -> None:
    host.fake("keepalived")
    host.fake("ip", ":")
    assert look(host, KEEPALIVED).verdict("interface of the virtual address") == "blocked"
    assert change(host, KEEPALIVED).status == 1


def test_the_check_asks_haproxy_of_the_host_itself(host: ShellHost) -> None:
    place(host, KEEPALIVED, spec())
    host.fake("curl", 'exit "$(cat "$STATE/curl")"')
    for status in (0, 22):
        (Path(host.env["STATE"]) / "curl").write_text(str(status))
        text = host.read(endpoint.CHECK_SCRIPT)
        assert host.run(text).status == status
    assert all("http://127.0.0.1:8404/healthz" in c for c in host.calls if c.startswith("curl"))
