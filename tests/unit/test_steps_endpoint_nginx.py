"""nginx in front of the API: its configuration, and the scripts, run by /bin/sh with fakes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from steps import endpoint, endpoint_nginx
from tests.unit.shell_host import Ran, ShellHost, with_systemctl
from tests.unit.specs import shapes

CLUSTER = shapes()["nginx"]
HOST = CLUSTER.host("cp1")
WORK = endpoint_nginx.NGINX.work(CLUSTER, HOST, {})
DPKG = 'test -e "$STATE/no-$4" && exit 1; echo "installed 1.22.1-9"'


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path)
    with_systemctl(host)
    host.fake("dpkg-query", DPKG)
    host.fake("dpkg")
    host.fake("apt-get", 'case " $* " in *" -s "*) ;; *) rm -f "$STATE"/no-* ;; esac')
    host.fake("nginx")
    host.fake("getenforce", "exit 1")
    host.fake("ss", "echo 'LISTEN 0 1 *:8443 *:* users:((\"nginx\",pid=7,fd=3))'")
    return host


def run(host: ShellHost, part: str) -> Ran:
    call = WORK.probe if part == "probe" else WORK.apply
    assert call is not None
    for file in WORK.files:
        path = host.folder / "root" / file.path.lstrip("/")
        if not path.exists():
            host.write(file.path, file.content.decode())
    return host.run(call.script, call.env)


def absent(host: ShellHost, *packages: str) -> None:
    for package in packages:
        (Path(host.env["STATE"]) / f"no-{package}").touch()


def test_every_control_plane_is_a_server_from_the_beginning() -> None:
    text = endpoint_nginx.config(shapes()["nginx-dedicated"])
    assert re.findall(r"^ *server (\S+) max_fails=2", text, re.MULTILINE) == [
        f"10.30.0.{n}:6443" for n in (11, 12, 13)
    ]
    assert "listen 6443 so_keepalive" in text


def test_addresses_of_version_6_are_written_in_brackets() -> None:
    six = shapes()["ipv6"]
    text = endpoint_nginx.config(six)
    assert "listen [::]:8443 ipv6only=off so_keepalive" in text
    assert "server [fd00::1]:6443 max_fails" in text


def test_silence_cuts_nothing_and_a_dead_server_does_not_outlast_the_check() -> None:
    text = endpoint_nginx.config(CLUSTER)
    assert "proxy_timeout 24h;" in text
    assert "proxy_socket_keepalive on;" in text
    connect = re.search(r"proxy_connect_timeout (\d+)s;", text)
    limit = re.search(r"--max-time ([\d.]+)", endpoint_nginx.check(CLUSTER))
    keepalived = re.search(r"^ *timeout (\d+)$", endpoint.keepalived_config(CLUSTER, HOST), re.M)
    assert connect and limit and keepalived
    assert 2 * int(connect[1]) < float(limit[1]) < int(keepalived[1])


def test_who_gets_it() -> None:
    for shape, names in (("nginx", ["cp1", "cp2", "cp3"]), ("nginx-dedicated", ["lb1", "lb2"])):
        cluster = shapes()[shape]
        for step in (endpoint_nginx.NGINX, endpoint.KEEPALIVED):
            assert [h.name for h in cluster.hosts if step.on(cluster, h)] == names
        assert not any(endpoint.HAPROXY.on(cluster, h) for h in cluster.hosts)


def test_it_is_installed_while_masked_checked_started_and_then_only_reloaded(
    host: ShellHost,
) -> None:
    absent(host, "nginx", "libnginx-mod-stream")
    assert run(host, "probe").verdict("package nginx") == "differs"
    assert run(host, "apply").status == 0
    made = [call for call in host.calls if " -s " not in call]
    order = [call for call in made if re.search(r"mask|install|^nginx|restart", call)]
    assert [c.split()[0:2] for c in order[:2]] == [["systemctl", "mask"], ["apt-get", "-q"]]
    assert "install nginx libnginx-mod-stream" in order[1]
    assert order[2] == "systemctl unmask --runtime nginx.service"
    assert order[3].startswith("nginx -t -q -c ")
    assert order[-1] == "systemctl restart nginx"
    assert run(host, "probe").done
    (host.folder / "root" / endpoint_nginx.CONFIG.lstrip("/")).unlink()
    assert run(host, "apply").status == 0
    assert host.calls.count("systemctl restart nginx") == 1
    assert host.calls.count("systemctl reload nginx") == 1
    assert run(host, "probe").done


def test_a_missing_module_is_installed_too(host: ShellHost) -> None:
    absent(host, "libnginx-mod-stream")
    assert run(host, "probe").verdict("package libnginx-mod-stream") == "differs"
    assert run(host, "apply").status == 0
    assert run(host, "probe").done


def test_a_package_that_can_not_be_had_leaves_no_mask(host: ShellHost) -> None:
    absent(host, "nginx")
    host.fake("apt-get", "exit 100")
    ran = run(host, "apply")
    assert ran.status == 1
    assert "can't be installed" in ran.stderr
    assert "systemctl unmask --runtime nginx.service" in host.calls


def test_a_configuration_that_nginx_refuses_never_reaches_it(host: ShellHost) -> None:
    host.fake("nginx", 'echo "nginx: [emerg] unknown directive stream" >&2; exit 1')
    ran = run(host, "apply")
    assert ran.status == 1
    assert "does not accept" in ran.stderr
    assert not any(call.startswith(("systemctl re", "systemctl enable")) for call in host.calls)


def test_the_probe_asks_nginx_itself_only_while_it_runs(host: ShellHost) -> None:
    run(host, "probe")
    assert not any(call.startswith("nginx") for call in host.calls)
    run(host, "apply")
    host.fake("nginx", 'echo "nginx: [emerg] bad" >&2; exit 1')
    assert run(host, "probe").findings["nginx -t"].seen == "nginx: [emerg] bad"


def test_somebody_else_on_the_port_and_selinux_are_seen(host: ShellHost) -> None:
    run(host, "apply")
    host.fake("ss", "echo 'LISTEN 0 1 *:8443 *:* users:((\"haproxy\",pid=7,fd=3))'")
    host.write("/sys/fs/selinux/enforce", "1")
    host.fake("getsebool", 'echo "$1 --> off"')
    host.fake("semanage", 'echo "http_port_t tcp 80, 443"')
    ran = run(host, "probe")
    assert ran.findings["who listens on port 8443"].seen == "haproxy"
    assert ran.verdict("SELinux boolean httpd_can_network_connect") == "differs"
    assert ran.verdict("SELinux type of port 8443") == "differs"


@pytest.mark.parametrize(
    ("code", "status"), [("200", 0), ("401", 0), ("503", 1), ("000", 1), ("403", 1)]
)
def test_the_check_wants_the_apis_answer_through_nginx(
    host: ShellHost, code: str, status: int
) -> None:
    host.fake("curl", f"printf {code}")
    ran = host.run(endpoint_nginx.check(CLUSTER))
    assert ran.status == status
    (call,) = host.calls
    assert call.endswith(" https://127.0.0.1:8443/readyz")


@pytest.mark.parametrize("shape", ["nginx", "nginx-dedicated", "ipv6"])
def test_nginx_accepts_the_file(tmp_path: Path, shape: str) -> None:
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("nginx is not installed")
    text = endpoint_nginx.config(shapes()[shape])
    for path in ("/run/nginx.pid", "/var/log/nginx/error.log", "/var/log/nginx/haui-api.log"):
        assert path in text
        text = text.replace(path, str(tmp_path / Path(path).name))
    (tmp_path / "nginx.conf").write_text(text)
    command = [program, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unknown directive" in done.stderr:
        pytest.skip("this nginx has no stream module")
    assert done.returncode == 0, done.stderr
