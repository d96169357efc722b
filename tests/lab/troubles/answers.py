"""Wrong answers in the cluster file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """Something wrong in the cluster file."""

    name: str
    change: Callable[[Document], None]
    check: str
    verdict: str = "blocked"
    seen: str


def _version(document: Document) -> None:
    major, minor, _ = document["kubernetes"]["version"].split(".")
    document["kubernetes"]["version"] = f"{major}.{minor}.99"


def _image(document: Document) -> None:
    document["supply"]["images"]["repository"] = "registry.k8s.io/elsewhere"


def _ca(document: Document) -> None:
    document["supply"]["images"]["ca"] = "./other/ca.pem"


def _mirror(document: Document) -> None:
    mirror = document["supply"]["packages"]["mirror"]
    document["supply"]["packages"]["mirror"] = re.sub(r":\d+/", ":9/", mirror)


def _address(document: Document) -> None:
    document["hosts"][-1]["ssh"] = {"address": document["hosts"][-1]["address"]}
    document["hosts"][-1]["address"] = "10.77.0.200"


def _vip(document: Document) -> None:
    document["endpoint"]["vip"] = "10.77.9.100"


def _production(document: Document) -> None:
    document["profile"] = "production"


ANSWERS = (
    WrongAnswer(
        name="version that the mirror lacks", change=_version, check="supply.versions", seen="99"
    ),
    WrongAnswer(
        name="image that the registry lacks",
        change=_image,
        check="supply.images",
        seen="elsewhere/",
    ),
    WrongAnswer(name="another registry's CA", change=_ca, check="supply.registry-ca", seen=""),
    WrongAnswer(
        name="mirror that does not answer", change=_mirror, check="supply.mirror", seen=":9"
    ),
    WrongAnswer(
        name="an address that is not the host's", change=_address, check="network.address", seen=""
    ),
    WrongAnswer(
        name="virtual address outside the subnet",
        change=_vip,
        check="network.vip",
        seen="10.77.9.100",
    ),
    WrongAnswer(name="small for production", change=_production, check="sizes.processors", seen=""),
)
