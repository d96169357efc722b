"""Registries asked for real, over loopback, by each of the tools that a host may have."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from haui.evidence import Facts
from steps.load import body, script
from tests.unit.shell_host import ShellHost
from tests.unit.supply_servers import GOOD_LOGIN, Registry, authority, folder, handler, serving

TOOLS = ("curl", "python3", "wget")
ROOT = "ROOT=$HAUI_ROOT SUPPLY=$HAUI_INPUTS PLAN=$HAUI_INPUTS/plan\nuname() { echo x86_64; }\n"
IMAGES = f"{script('facts_lib')}\n{body('supply_images_lib')}\n{ROOT}"


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not Path("/usr/bin", name).exists() and not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    return name


@pytest.fixture
def host(tmp_path: Path) -> ShellHost:
    host = ShellHost(tmp_path / "host")
    host.write("/etc/ssl/certs/ca-certificates.crt", "authorities")
    return host


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    registry.image("k8s/pause", "3.9", "amd64", "arm64")
    registry.image("k8s/etcd", "3.5", "arm64", index=False)
    return registry


@pytest.fixture
def plain(registry: Registry) -> Iterator[str]:
    with serving(handler(registry)) as port:
        yield f"http://127.0.0.1:{port}"


def ask(
    host: ShellHost,
    origin: str,
    *images: str,
    tool: str = "curl",
    ca: Path | None = None,
    proxy: str = "-",
    method: str = "GET",
    login: str = "",
    header: str = "",
    limits: str = "",
) -> Facts:
    """The facts about these images (path:tag) of the registry."""
    trust, given = "own" if ca else "system", "login" if header else "-"
    lines = [f"registry {origin} {origin}/v2/ {trust} {proxy} {given}"]
    for image in images:
        path, _, tag = image.rpartition(":")
        url = f"{origin}/v2/{path}/manifests/{tag}?ns=registry.k8s.io"
        lines.append(f"image {origin} {image} {method} {url}")
    inputs = {"plan": "".join(f"{line}\n" for line in lines)}
    if header:
        inputs["login"] = f"Authorization: {header}\n"
    if ca:
        inputs["ca.pem"] = ca.read_text()
    text = f"{IMAGES}\n{limits}\nHTTP_TOOL={tool}\nsupply_images\n"
    ran = host.run(text, {"HAUI_LOGIN": login, "https_proxy": "http://127.0.0.1:9"}, inputs)
    assert ran.status == 0, ran.stderr
    assert ran.stderr == ""
    return Facts(ran.stdout)


def results(facts: Facts) -> dict[str, str]:
    return {row[0]: row[1] for row in facts.rows("image", 3)}


def kind(facts: Facts) -> str:
    return facts.rows("registry", 4)[0][2]


def test_what_is_there_and_what_is_not(host: ShellHost, plain: str, tool: str) -> None:
    facts = ask(host, plain, "k8s/pause:3.9", "k8s/etcd:3.5", "k8s/none:1", tool=tool)
    assert results(facts) == {
        "k8s/pause:3.9": "present",
        "k8s/etcd:3.5": "present",
        "k8s/none:1": "absent",
    }
    assert facts.rows("registry", 4) == ((plain, "200", "ok", facts.rows("registry", 4)[0][3]),)
    assert facts.rows("registry.trust", 3) == ((plain, "plain", "-"),)
    assert facts.rows("image.arch", 2) == (
        ("k8s/pause:3.9", "amd64,arm64"),
        ("k8s/etcd:3.5", "arm64"),
    )
    assert [row[:3] for row in facts.rows("layers", 4)] == [(plain, "200", "ok")]
    assert facts.rows("image", 3)[0][2] == "sha256:f00"
    assert facts.one("http.tool") == tool


def test_an_anonymous_token_is_taken(
    host: ShellHost, plain: str, registry: Registry, tool: str
) -> None:
    registry.auth = "bearer"
    facts = ask(host, plain, "k8s/pause:3.9", "k8s/none:1", tool=tool)
    assert results(facts) == {"k8s/pause:3.9": "present", "k8s/none:1": "absent"}
    assert facts.rows("layers", 3)[0][1] == "200"
    token = next(line for line in registry.asked if "/token" in line)
    assert token == "GET /token?service=a%20service&scope=repository:k8s/pause:pull"


@pytest.mark.parametrize(
    ("header", "result"), [(GOOD_LOGIN, "present"), ("Basic d3Jvbmc6d3Jvbmc=", "denied")]
)
def test_a_login_is_tried_without_being_seen(
    host: ShellHost, plain: str, registry: Registry, tool: str, header: str, result: str
) -> None:
    registry.auth = "basic"
    facts = ask(host, plain, "k8s/pause:3.9", tool=tool, login="needed", header=header)
    # wget takes headers among its arguments only, where others could read them.
    assert results(facts) == {"k8s/pause:3.9": "login" if tool == "wget" else result}
    assert not [line for line in host.calls if header in line]


@pytest.mark.parametrize(("login", "result"), [("needed", "login"), ("", "refused")])
def test_a_login_that_is_not_known_is_not_tried(
    host: ShellHost, plain: str, registry: Registry, tool: str, login: str, result: str
) -> None:
    registry.auth = "basic"
    facts = ask(host, plain, "k8s/pause:3.9", tool=tool, login=login)
    assert results(facts) == {"k8s/pause:3.9": result}
    assert kind(facts) == "ok"


@pytest.mark.parametrize(
    ("status", "result"), [(429, "limited"), (500, "failed"), (403, "refused"), (404, "absent")]
)
def test_other_answers(
    host: ShellHost, plain: str, registry: Registry, tool: str, status: int, result: str
) -> None:
    registry.status = status
    assert results(ask(host, plain, "k8s/pause:3.9", tool=tool)) == {"k8s/pause:3.9": result}


def test_what_is_left_of_a_rate_limit(
    host: ShellHost, plain: str, registry: Registry, tool: str
) -> None:
    registry.remaining = "76"
    facts = ask(host, plain, "k8s/pause:3.9", tool=tool, method="HEAD")
    assert facts.rows("rate", 2) == ((plain, "76"),)
    assert results(facts) == {"k8s/pause:3.9": "present"}
    assert [line.split()[0] for line in registry.asked if "/manifests/" in line] == ["HEAD"]
    assert facts.all("image.arch") == ()


def test_our_ca(host: ShellHost, registry: Registry, tls: Path, tool: str) -> None:
    with serving(handler(registry), tls) as port:
        origin = f"https://127.0.0.1:{port}"
        facts = ask(host, origin, "k8s/pause:3.9", tool=tool, ca=tls / "ca.pem")
    assert results(facts) == {"k8s/pause:3.9": "present"}
    (trust,) = facts.rows("registry.trust", 3)
    assert trust[:2] == (origin, "own")
    if tool == "curl":
        assert trust[2].replace(" ", "") == "CN=hauitestCA"


def test_another_ca_verifies_nothing(
    host: ShellHost, registry: Registry, tls: Path, tool: str, tmp_path: Path
) -> None:
    other = authority(tmp_path / "other", "another CA")
    with serving(handler(registry), tls) as port:
        origin = f"https://127.0.0.1:{port}"
        facts = ask(host, origin, "k8s/pause:3.9", tool=tool, ca=other / "ca.pem")
    assert kind(facts) == "tls"
    assert facts.rows("registry.trust", 3)[0][1] == "nobody"
    assert results(facts) == {"k8s/pause:3.9": "untried"}
    assert not any("manifests" in line for line in registry.asked)


def test_a_private_authority_that_nobody_told_of(
    host: ShellHost, registry: Registry, tls: Path, tool: str
) -> None:
    with serving(handler(registry), tls) as port:
        facts = ask(host, f"https://127.0.0.1:{port}", "k8s/pause:3.9", tool=tool)
    assert facts.rows("registry.trust", 3)[0][1] == "nobody"


def test_a_host_without_authorities_is_asked_nevertheless(
    host: ShellHost, registry: Registry, tls: Path, tool: str
) -> None:
    (host.folder / "root/etc/ssl/certs/ca-certificates.crt").unlink()
    with serving(handler(registry), tls) as port:
        facts = ask(host, f"https://127.0.0.1:{port}", "k8s/pause:3.9", tool=tool)
    assert facts.rows("registry.trust", 3)[0][1] == "unknown"
    assert results(facts) == {"k8s/pause:3.9": "present"}


def test_no_tls_where_tls_is_expected(host: ShellHost, plain: str, tool: str) -> None:
    facts = ask(host, plain.replace("http:", "https:"), "k8s/pause:3.9", tool=tool)
    assert kind(facts) == "tls"


@pytest.mark.parametrize(
    ("origin", "what"), [("http://127.0.0.1:1", "connect"), ("http://no-such.invalid", "dns")]
)
def test_a_registry_that_is_not_there(host: ShellHost, tool: str, origin: str, what: str) -> None:
    facts = ask(host, origin, "k8s/pause:3.9", tool=tool)
    assert kind(facts) == what
    assert results(facts) == {"k8s/pause:3.9": "untried"}


def test_one_that_hangs_is_not_waited_for_each_time(
    host: ShellHost, plain: str, registry: Registry, tool: str
) -> None:
    registry.hang_s = 3
    facts = ask(host, plain, "k8s/pause:3.9", "k8s/etcd:3.5", tool=tool, limits="HTTP_S=1")
    assert kind(facts) == "timeout"
    assert set(results(facts).values()) == {"untried"}
    assert len(registry.asked) == 1


def test_no_time_left(host: ShellHost, plain: str, registry: Registry) -> None:
    facts = ask(host, plain, "k8s/pause:3.9", limits="IMAGES_S=0")
    assert results(facts) == {"k8s/pause:3.9": "untried"}


def test_through_a_proxy(host: ShellHost, tmp_path: Path, tool: str) -> None:
    asked: list[str] = []
    (tmp_path / "v2/k8s/pause/manifests").mkdir(parents=True)
    (tmp_path / "v2/k8s/pause/manifests/3.9").write_text('{"manifests":[]}')
    (tmp_path / "v2/index.html").write_text("{}")
    with serving(folder(tmp_path, asked)) as port:
        facts = ask(
            host, "http://hub.lan", "k8s/pause:3.9", tool=tool, proxy=f"http://127.0.0.1:{port}"
        )
    assert results(facts) == {"k8s/pause:3.9": "present"}
    assert asked[0] == "http://hub.lan/v2/"


def test_a_proxy_that_is_not_there(host: ShellHost, tool: str) -> None:
    facts = ask(host, "https://hub.lan", "k8s/pause:3.9", tool=tool, proxy="http://127.0.0.1:1")
    assert kind(facts) in ("proxy", "connect")


def test_a_proxy_that_refuses_to_go_there(host: ShellHost, tmp_path: Path, tool: str) -> None:
    with serving(folder(tmp_path, [])) as port:
        facts = ask(
            host, "https://hub.lan", "k8s/pause:3.9", tool=tool, proxy=f"http://127.0.0.1:{port}"
        )
    assert kind(facts) == "proxy"


def test_nothing_to_ask_with(host: ShellHost) -> None:
    text = f"{IMAGES}\nHTTP_TOOL=\nsupply_images\n"
    assert Facts(host.run(text).stdout).one("http.tool") == "none"


@pytest.mark.parametrize("answer", [b"", b"<html>login here</html>", b"\xff\x00\xfe", b'{"x":'])
def test_garbage_of_a_captive_portal(
    host: ShellHost, plain: str, registry: Registry, answer: bytes, tool: str
) -> None:
    registry.manifests["k8s/pause/manifests/3.9"] = ("text/html", answer)
    facts = ask(host, plain, "k8s/pause:3.9", tool=tool)
    assert facts.all("image.arch") == ()
