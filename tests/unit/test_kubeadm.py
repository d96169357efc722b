"""The kubeadm documents, against golden files and against the fields that each API version has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from haui.clusterfile.endpoint import Endpoint
from haui.clusterfile.kubeadm_fields import unknown_additions, unknown_fields
from haui.clusterfile.supply import Images, Supply
from haui.spec import Advanced, ClusterSpec, HostSpec, Kubernetes, Network, Topology
from steps import kubeadm

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = {"v1beta2": "1.20.2", "v1beta3": "1.28.9", "v1beta4": "1.36.4"}
MINORS = {api: int(version.split(".")[1]) for api, version in VERSIONS.items()}


def cluster(version: str, **changes: Any) -> ClusterSpec:
    hosts = [
        HostSpec(name=f"cp-{letter}", address=f"10.30.0.{11 + index}", roles=("control-plane",))
        for index, letter in enumerate("abc")
    ]
    hosts.append(HostSpec(name="wk-a", address="10.30.0.21", roles=("worker",)))
    parts: dict[str, Any] = {
        "name": "atlas",
        "kubernetes": Kubernetes(version=version),
        "endpoint": Endpoint(
            kind="keepalived-haproxy", name="api.atlas.lan", vip="10.30.0.10", port=8443
        ),
        "network": Network(pods="10.60.0.0/16", services="10.61.0.0/16"),
        "hosts": tuple(hosts),
    }
    return ClusterSpec(**{**parts, **changes})


def shapes(version: str) -> dict[str, ClusterSpec]:
    """One cluster for each shape whose documents differ."""
    stacked = cluster(version)
    etcd = tuple(
        HostSpec(name=f"et-{n}", address=f"10.30.0.3{n}", roles=("etcd",)) for n in (1, 2, 3)
    )
    both = HostSpec(name="solo", address="10.30.0.11", roles=("control-plane", "worker"))
    return {
        "stacked": stacked,
        "external": cluster(
            version,
            topology=Topology(kind="external"),
            hosts=(*stacked.hosts, *etcd),
            supply=Supply(images=Images(repository="hub.atlas.lan/k8s")),
        ),
        "single": cluster(
            version,
            topology=Topology(kind="single"),
            hosts=(both,),
            network=Network(pods="10.60.0.0/16", services="10.61.0.0/16", kube_proxy="none"),
        ),
        "advanced": cluster(
            version,
            network=Network(pods="10.60.0.0/16", services="10.61.0.0/16", kube_proxy="ipvs"),
            advanced=Advanced(
                kubeadm={
                    "ClusterConfiguration": {
                        "apiServer": {
                            "certSANs": ["kube.example.org", "10.30.0.10"],
                            "extraArgs": {"profiling": "false"},
                        }
                    },
                    "KubeletConfiguration": {"maxPods": 200},
                    "KubeProxyConfiguration": {"conntrack": {"min": 0}},
                    "JoinConfiguration": {
                        "nodeRegistration": {"kubeletExtraArgs": {"v": "4"}},
                        "controlPlane": {"localAPIEndpoint": {"bindPort": 6443}},
                    },
                },
                ignore_preflight_errors=("SystemVerification",),
                skip_phases=("addon/coredns", "preflight"),
            ),
        ),
    }


def documents(spec: ClusterSpec) -> dict[str, list[dict[str, Any]]]:
    """Everything that is rendered for a cluster, by the name of its golden file."""
    out = {"init": kubeadm.init_documents(spec)}
    joining = [h for h in spec.nodes if h.name != spec.first_control_plane.name]
    for host in joining[-1:] if len(joining) < 2 else (joining[0], joining[-1]):
        role = "control-plane" if "control-plane" in host.roles else "worker"
        document = kubeadm.join_document(
            spec,
            host,
            token="h4u1aa.0123456789abcdef",
            ca_hash="sha256:" + "c" * 64,
            certificate_key="d" * 64,
        )
        out[f"join-{role}"] = [document]
    return out


CASES = [
    (api, shape, part)
    for api, version in VERSIONS.items()
    for shape, spec in shapes(version).items()
    for part in documents(spec)
]


@pytest.mark.parametrize(("api", "shape", "part"), CASES)
def test_documents_are_as_reviewed(api: str, shape: str, part: str) -> None:
    """Golden files; written anew by `python -m tests.unit.test_kubeadm`."""
    got = kubeadm.dump(documents(shapes(VERSIONS[api])[shape])[part]).decode()
    assert got == (GOLDEN / f"kubeadm-{api}" / f"{shape}-{part}.yaml").read_text()


@pytest.mark.parametrize(("api", "shape", "part"), CASES)
def test_only_fields_that_the_api_version_has(api: str, shape: str, part: str) -> None:
    for document in documents(shapes(VERSIONS[api])[shape])[part]:
        assert unknown_fields(document, MINORS[api]) == ()
        if "kubeadm" in document["apiVersion"]:
            assert document["apiVersion"] == f"kubeadm.k8s.io/{api}"


@pytest.mark.parametrize(
    ("version", "api"),
    [
        ("1.20.2", "v1beta2"),
        ("1.21.14", "v1beta2"),
        ("1.22.0", "v1beta3"),
        ("1.30.9", "v1beta3"),
        ("1.31.0", "v1beta4"),
        ("1.36.4", "v1beta4"),
    ],
)
def test_api_version_by_minor(version: str, api: str) -> None:
    assert kubeadm.init_documents(cluster(version))[0]["apiVersion"] == f"kubeadm.k8s.io/{api}"


@pytest.mark.parametrize(
    ("api", "kind", "field"),
    [
        ("v1beta2", "InitConfiguration", {"skipPhases": ["x"]}),
        ("v1beta2", "InitConfiguration", {"nodeRegistration": {"imagePullPolicy": "Never"}}),
        ("v1beta3", "InitConfiguration", {"timeouts": {"discovery": "5m"}}),
        (
            "v1beta3",
            "JoinConfiguration",
            {"nodeRegistration": {"kubeletExtraArgs": [{"name": "v"}]}},
        ),
        ("v1beta4", "JoinConfiguration", {"discovery": {"timeout": "5m"}}),
        ("v1beta4", "ClusterConfiguration", {"apiServer": {"timeoutForControlPlane": "5m"}}),
        ("v1beta4", "ClusterConfiguration", {"apiServer": {"extraArgs": {"v": "4"}}}),
        ("v1beta3", "ClusterConfiguration", {"proxy": {"disabled": True}}),
        ("v1beta4", "ClusterConfiguration", {"dns": {"type": "CoreDNS"}}),
        ("v1beta4", "ClusterConfiguration", {"networking": {"podsubnet": "10.0.0.0/8"}}),
        ("v1beta4", "InitConfiguration", {"nodeRegistration": {"taints": [{"effects": "x"}]}}),
        ("v1beta4", "ClusterConfiguration", {"scheduler": {"extraArgs": [{"name": "v"}]}}),
        ("v1beta3", "ClusterConfiguration", {"scheduler": {"extraArgs": {"v": 4}}}),
        ("v1beta3", "ClusterConfiguration", {"scheduler": {"extraVolumes": {"name": "v"}}}),
        ("v1beta3", "ClusterConfiguration", {"scheduler": "fast"}),
    ],
)
def test_fields_of_another_version_are_found(api: str, kind: str, field: dict[str, Any]) -> None:
    document = {"apiVersion": f"kubeadm.k8s.io/{api}", "kind": kind, **field}
    assert unknown_fields(document, MINORS[api])


def test_fields_that_came_within_an_api_version() -> None:
    document = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "ClusterConfiguration",
        "etcd": {"external": {"httpEndpoints": ["http://10.30.0.31:2381"]}},
    }
    assert unknown_fields(document, 34) == ("etcd.external.httpEndpoints",)
    assert unknown_fields(document, 35) == ()


def test_additions_may_have_either_form_of_arguments_and_plain_values() -> None:
    listed: dict[str, Any] = {"apiServer": {"extraArgs": [{"name": "v", "value": 4}]}}
    mapped: dict[str, Any] = {"apiServer": {"extraArgs": {"v": 4, "profiling": False}}}
    for extra in (listed, mapped):
        for version, minor in zip(VERSIONS.values(), MINORS.values(), strict=True):
            assert list(unknown_additions("ClusterConfiguration", extra, minor)) == []
            spec = cluster(version, advanced=Advanced(kubeadm={"ClusterConfiguration": extra}))
            for document in kubeadm.init_documents(spec):
                assert unknown_fields(document, minor) == ()
    assert list(unknown_additions("KubeletConfiguration", {"anything": 1}, 36)) == []


def test_values_of_arguments_become_text() -> None:
    extra = {"ClusterConfiguration": {"apiServer": {"extraArgs": {"v": 4, "profiling": False}}}}
    for version, expected in (
        ("1.28.9", {"v": "4", "profiling": "false"}),
        ("1.36.4", [{"name": "v", "value": "4"}, {"name": "profiling", "value": "false"}]),
    ):
        built = kubeadm.init_documents(cluster(version, advanced=Advanced(kubeadm=extra)))
        assert built[1]["apiServer"]["extraArgs"] == expected


def test_an_argument_that_stands_twice_stays_so() -> None:
    """Since v1beta4 it may: the issuers of service account tokens, for one."""
    twice = [{"name": "service-account-issuer", "value": f"https://{n}.lan"} for n in "ab"]
    extra = {"ClusterConfiguration": {"apiServer": {"extraArgs": twice}}}
    built = kubeadm.init_documents(cluster("1.36.4", advanced=Advanced(kubeadm=extra)))
    assert built[1]["apiServer"]["extraArgs"] == twice


def test_first_documents_hold_no_secret() -> None:
    """The file stays on the host, so neither a token nor a key may be in it."""
    for version in VERSIONS.values():
        text = kubeadm.dump(kubeadm.init_documents(cluster(version))).decode()
        assert "certificateKey" not in text
        assert "token:" not in text.replace("bootstrapTokens:", "")


def test_certificates_name_every_way_to_the_api() -> None:
    sans = kubeadm.cert_sans(cluster("1.36.4"))
    assert sans[:4] == ["api.atlas.lan", "10.30.0.10", "localhost", "127.0.0.1"]
    assert {"cp-a", "10.30.0.11", "cp-c", "10.30.0.13"} <= set(sans)
    assert len(sans) == len(set(sans))


def test_the_admin_adds_and_wins() -> None:
    spec = shapes("1.36.4")["advanced"]
    documents_by_kind = {d["kind"]: d for d in kubeadm.init_documents(spec)}
    server = documents_by_kind["ClusterConfiguration"]["apiServer"]
    assert "api.atlas.lan" in server["certSANs"], "what haui needs is still there"
    assert server["certSANs"][-1] == "kube.example.org"
    assert server["certSANs"].count("10.30.0.10") == 1
    assert server["extraArgs"] == [{"name": "profiling", "value": "false"}]
    assert documents_by_kind["KubeletConfiguration"]["maxPods"] == 200


def test_arguments_take_the_form_of_the_version() -> None:
    listed = [{"name": "v", "value": "4"}]
    extra = {"ClusterConfiguration": {"scheduler": {"extraArgs": listed}}}
    old = cluster("1.28.9", advanced=Advanced(kubeadm=extra))
    document = next(d for d in kubeadm.init_documents(old) if d["kind"] == "ClusterConfiguration")
    assert document["scheduler"]["extraArgs"] == {"v": "4"}


def test_a_worker_never_becomes_a_control_plane() -> None:
    spec = shapes("1.36.4")["advanced"]
    worker = kubeadm.join_document(spec, spec.host("wk-a"), token="t", ca_hash="h")
    assert "controlPlane" not in worker


def test_a_worker_gets_no_certificate_key() -> None:
    spec = cluster("1.20.2")
    text = kubeadm.dump(
        [
            kubeadm.join_document(
                spec, spec.host("wk-a"), token="t", ca_hash="h", certificate_key="k"
            )
        ]
    )
    assert b"certificateKey" not in text


def test_joins_skip_only_phases_that_they_have() -> None:
    spec = shapes("1.28.9")["advanced"]
    joining = kubeadm.join_document(spec, spec.host("cp-b"), token="t", ca_hash="h")
    assert joining["skipPhases"] == ["preflight"]
    assert kubeadm.init_documents(spec)[0]["skipPhases"] == ["addon/coredns", "preflight"]


def test_init_and_each_minors_join_skip_only_phases_that_they_have() -> None:
    phases = ("wait-control-plane", "etcd-join", "check-etcd", "control-plane-join/etcd")
    joined = {
        "1.29.6": list(phases[2:]),
        "1.30.14": [phases[0], *phases[2:]],
        "1.31.0": list(phases),
    }
    for version, expected in joined.items():
        spec = cluster(version, advanced=Advanced(skip_phases=phases))
        joining = kubeadm.join_document(spec, spec.host("cp-b"), token="t", ca_hash="h")
        assert joining["skipPhases"] == expected
        assert kubeadm.init_documents(spec)[0]["skipPhases"] == ["wait-control-plane"]


def test_old_joins_accept_the_packages_placeholder() -> None:
    """1.20 to 1.22 refuse a folder of manifests that is not empty."""
    check = "DirAvailable--etc-kubernetes-manifests"
    for version, ignored in (("1.20.2", True), ("1.22.17", True), ("1.23.0", False)):
        spec = cluster(version)
        joining = kubeadm.join_document(spec, spec.host("cp-b"), token="t", ca_hash="h")
        node = joining["nodeRegistration"]
        assert (check in node.get("ignorePreflightErrors", [])) is ignored
        assert "ignorePreflightErrors" not in kubeadm.init_documents(spec)[0]["nodeRegistration"]


def test_all_checks_stand_alone() -> None:
    """kubeadm refuses "all" beside the name of a check, our own addition for old joins included."""
    for version in VERSIONS.values():
        ignored = ("SystemVerification", "All")
        spec = cluster(version, advanced=Advanced(ignore_preflight_errors=ignored))
        joining = kubeadm.join_document(spec, spec.host("cp-b"), token="t", ca_hash="h")
        for document in (kubeadm.init_documents(spec)[0], joining):
            assert document["nodeRegistration"]["ignorePreflightErrors"] == ["all"]


def test_a_host_with_both_roles_has_no_taint() -> None:
    assert kubeadm.init_documents(shapes("1.36.4")["single"])[0]["nodeRegistration"]["taints"] == []
    assert "taints" not in kubeadm.init_documents(cluster("1.36.4"))[0]["nodeRegistration"]


def test_values_survive_yaml() -> None:
    """Text that YAML could take for something else comes back as it was."""
    extra = {"ClusterConfiguration": {"apiServer": {"extraArgs": {"v": "010", "on": "true"}}}}
    spec = cluster("1.28.9", advanced=Advanced(kubeadm=extra))
    built = kubeadm.init_documents(spec)
    assert list(yaml.safe_load_all(kubeadm.dump(built))) == built


def write_golden() -> None:
    """Write the golden files anew; the change is then to be reviewed."""
    for api, shape, part in CASES:
        folder = GOLDEN / f"kubeadm-{api}"
        folder.mkdir(parents=True, exist_ok=True)
        content = kubeadm.dump(documents(shapes(VERSIONS[api])[shape])[part])
        (folder / f"{shape}-{part}.yaml").write_bytes(content)


if __name__ == "__main__":
    write_golden()
