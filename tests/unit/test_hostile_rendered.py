"""What the cluster file takes comes to the very end as it is: read back by who reads it there."""

from __future__ import annotations

import base64
import configparser
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

import steps
from haui.clusterfile.load import load_text
from haui.clusterfile.rules import problems
from haui.documents.runbook import runbook
from haui.host import File
from haui.plan import build_plan
from haui.spec import ClusterSpec
from haui.step import Plan, Task
from haui.transport.wire import env_lines
from haui.wizard.review import command_line
from tests.unit.hostile import CARRIED
from tests.unit.specs import CA, KEY, PLANES, WORKERS, spec

USER = "a'\"$(id)`id`;|&<>\\é%n"
PASSWORD = "-n '\"$(id)`id`\\n%s;&|<>#!*~[b]{{é}}\t€: @ "
URL = "http://proxy.lan:3128/a%20b,c=~+@:/%n"
LONG = "\n".join((*CARRIED, "---", "- x", "key: value", "\ttabbed", ""))
"""Several lines, as a free value may have them."""


@cache
def cluster() -> ClusterSpec:
    """Every field as odd as it may be."""
    odd = dict(enumerate(CARRIED))
    return spec(
        hosts=[*PLANES, {**WORKERS[0], "labels": {"a.b/C_d.e-f": "1e3", "on": "yes", "x": ""}}],
        ssh={"user": "corp\\o.x@y$", "key": "~/it's; $(id) é/id", "jump": "corp\\me@[fd00::1]:22"},
        supply={
            "packages": {"mirror": "http://mirror.lan/a,b%41~+@=:/", "key": "$(id)",
                         "key_text": KEY},
            "images": {
                "registries": {"registry.k8s.io": "https://hub.lan:5000/a,b%41/k8s"},
                "ca": "$(id).pem", "ca_pem": CA, "username": USER,
            },
            "proxy": {"http": URL, "https": URL, "no_proxy": ["*.org", "[fd00::1]:443"]},
        },
        preflight={"overrides": {"sizes.memory@cp1": "'; $(id) `id` | é 🐳 <b> [red] {{x}} %n"}},
        advanced={
            "kubeadm": {
                "ClusterConfiguration": {"apiServer": {"extraArgs": {"x-odd": LONG, **{
                    f"k{n} {text}": text for n, text in odd.items()
                }}}},
                "KubeletConfiguration": {"odd": {"list": [*CARRIED, LONG, None, True, 1.5]}},
            },
            "containerd": {"sandbox_image": "hub.lan/a:1", "odd": {
                **{f"{n}{text}": text for n, text in odd.items()},
                "list": [*CARRIED, LONG, 2, {"a'\"b": [{"c": LONG}]}],
            }},
        },
    )  # fmt: skip


@cache
def plan() -> Plan:
    return build_plan(cluster(), steps.CATALOGUE)


@cache
def files() -> tuple[File, ...]:
    """All that is placed on the first control plane."""
    values = {"registry_password": PASSWORD}
    first = cluster().hosts[0]
    works = (
        task.step.work(cluster(), first, values) for task in plan().tasks if task.host == first
    )
    return tuple(file for work in works for file in work.files)


def placed(path: str) -> str:
    """The content of the file whose path ends so; there is one."""
    found = {file.content for file in files() if file.path.endswith(path)}
    assert len(found) == 1, path
    return found.pop().decode()


def test_kubeadm_gets_its_documents() -> None:
    documents = {
        document["kind"]: document
        for document in yaml.load_all(placed("kubeadm-init.yaml"), Loader=yaml.CSafeLoader)
    }
    given = cluster().advanced.kubeadm
    said = {arg["name"]: arg["value"] for arg in _args(documents)}
    assert given["ClusterConfiguration"]["apiServer"]["extraArgs"].items() <= said.items()
    assert documents["KubeletConfiguration"]["odd"] == given["KubeletConfiguration"]["odd"]


def _args(documents: dict[str, Any]) -> list[dict[str, str]]:
    """The arguments of the API server: a map up to v1beta3, then a list."""
    found = documents["ClusterConfiguration"]["apiServer"]["extraArgs"]
    if isinstance(found, dict):
        return [{"name": name, "value": value} for name, value in found.items()]
    return list(found)


@pytest.mark.parametrize("version", [2, 3])
def test_containerd_gets_its_table(version: int) -> None:
    found = tomllib.loads(placed(f"config-v{version}.toml"))["plugins"]
    table = found["io.containerd.grpc.v1.cri" if version == 2 else "io.containerd.cri.v1.runtime"]
    assert table["odd"] == cluster().advanced.containerd["odd"]


def test_containerd_gets_the_login_of_the_registry() -> None:
    found = tomllib.loads(placed("registry.k8s.io/hosts.toml"))
    assert found["server"].startswith("https://hub.lan:5000/")
    for access in (found, *found["host"].values()):
        scheme, login = access["header"]["Authorization"].split()
        assert scheme == "Basic"
        assert base64.b64decode(login).decode() == f"{USER}:{PASSWORD}"
    assert all("a,b%41/k8s" in server for server in found["host"])


def test_packages_come_from_the_mirror_through_the_proxy() -> None:
    mirror = cluster().supply.packages.mirror
    assert placed("haui-kubernetes.list").split()[2:] == [f"{mirror}/", "./"]
    repository = configparser.RawConfigParser()
    repository.read_string(placed("haui-kubernetes.repo"))
    # dnf takes a comma for the end of a URL.
    escaped = f"{mirror}/".replace(",", "%2C")
    assert repository["haui-kubernetes"]["baseurl"] == escaped
    # Proxies: of dnf's own programs, of apt, of services.
    assert repository["haui-kubernetes"]["proxy"] == URL
    lines = dict(line.split("=", 1) for line in placed("package-proxy").splitlines())
    assert lines["http_proxy"] == lines["https_proxy"] == URL
    assert re.findall(r'"(.*?)"', placed("90haui-proxy"))[:2] == [URL, URL]


def test_services_get_the_proxy() -> None:
    """systemd.unit(5): quotes and backslashes as in C, and %% for %."""
    quoted = re.findall(r"^Environment=(.*)$", placed("haui-proxy.conf"), re.MULTILINE)
    said = dict(shlex.split(text)[0].replace("%%", "%").split("=", 1) for text in quoted)
    assert said["HTTP_PROXY"] == said["HTTPS_PROXY"] == URL
    assert {"*.org", "[fd00::1]:443"} <= {*said["NO_PROXY"].split(",")}


def test_every_parameter_of_a_script_can_travel() -> None:
    values = {"registry_password": PASSWORD}
    for task in plan().tasks:
        work = task.step.work(cluster(), task.host, values)
        for call in (work.probe, work.apply):
            if call is not None:
                env_lines(call.env)
                assert PASSWORD not in "".join(call.env.values())


def test_the_cluster_file_is_written_and_read_again() -> None:
    from haui.clusterfile.text import dump

    text = dump(cluster())
    again = load_text(text, name="again.yaml", files=False).spec
    assert dump(again) == text


SHAPES: tuple[Any, ...] = (
    "a\nb", 5, True, [], {}, ["x"], [None], [{}], [{"name": "x"}], {"a": None}, {"a": {}},
    {"a": []},
)  # fmt: skip
ADDITIONS = (
    *(("containerd", *path) for path in (
        ("sandbox_image",), ("registry",), ("registry", "config_path"), ("cni",),
        ("cni", "bin_dir"), ("containerd",), ("containerd", "runtimes"),
        ("containerd", "runtimes", "runc"), ("containerd", "runtimes", "runc", "options"),
        ("pinned_images",), ("odd",),
    )),
    *(("kubeadm", "ClusterConfiguration", *path) for path in (
        ("dns", "imageRepository"), ("dns", "imageTag"), ("etcd",), ("etcd", "local"),
        ("etcd", "local", "imageTag"), ("apiServer",), ("apiServer", "certSANs"),
        ("apiServer", "extraArgs"), ("networking",), ("featureGates",),
    )),
    ("kubeadm", "KubeletConfiguration", "cgroupDriver"),
    ("kubeadm", "InitConfiguration", "nodeRegistration"),
)  # fmt: skip


@cache
def one_of_each() -> tuple[Task, ...]:
    """One task of each step."""
    return tuple(
        {task.step.id: task for task in build_plan(spec(), steps.CATALOGUE).tasks}.values()
    )


@pytest.mark.parametrize("place", ADDITIONS, ids=".".join)
def test_additions_of_any_shape_are_refused_or_merged(place: tuple[str, ...]) -> None:
    for shape in SHAPES:
        added: Any = shape
        for key in reversed(place[1:]):
            added = {key: added}
        try:
            made = spec(advanced={place[0]: added})
        except ValidationError:
            continue
        if not problems(made):
            for task in one_of_each():
                work = task.step.work(made, task.host, {})
                for call in (work.probe, work.apply):
                    if call is not None:
                        env_lines(call.env)


COMMAND = re.compile(r"^(`{3,})sh\n(env .*?)\n\1$", re.MULTILINE | re.DOTALL)


def commands() -> Iterator[str]:
    """The commands of the runbook, as a person copies them."""
    for found in COMMAND.finditer(runbook(plan())):
        yield found[2]


def test_the_commands_of_the_runbook_say_what_the_plan_says(tmp_path: Path) -> None:
    """A real shell runs all of them; instead of the parts, it tells its environment."""
    (tmp_path / "haui-run").write_text("env -0\n")
    wanted = {
        tuple(sorted(call.env.items()))
        for task in plan().tasks
        for work in [task.step.work(cluster(), task.host, {})]
        for call in (work.probe, work.apply)
        if call is not None and not task.step.supply
    }
    script = "\n".join(dict.fromkeys(commands()))
    env = {"PATH": os.environ["PATH"]}
    said = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, env=env, capture_output=True, check=True
    ).stdout
    seen = dict.fromkeys(said.decode().split("\0"))
    for call in wanted:
        for name, value in call:
            assert f"{name}={value}" in seen


@pytest.mark.parametrize("file", [text for text in CARRIED if "/" not in text] + ["a\nb"])
def test_commands_for_people_are_words_for_a_shell(file: str) -> None:
    assert shlex.split(command_line(file))[2] == file
    assert shlex.split(command_line(file, rehearsal=True))[2] == file
