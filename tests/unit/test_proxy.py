"""Who is reached through the proxy: the rules of Go's httpproxy, which containerd goes by.

The rows were asked of golang.org/x/net/http/httpproxy 0.30.
"""

from __future__ import annotations

import pytest

from steps import proxy
from tests.unit.specs import spec, with_registry

ROWS = [
    (".lan", "https://hub.lan", True),
    (".lan", "https://lan", False),
    ("lan", "https://hub.lan", True),
    ("lan", "https://lan", True),
    ("*.lan", "https://hub.lan", True),
    ("*.lan", "https://lan", False),
    ("hub.lan", "https://x.hub.lan", True),
    ("hub.lan", "https://ahub.lan", False),
    ("HUB.lan", "https://hub.lan", True),
    ("hub.lan:5000", "https://hub.lan:5000", True),
    ("hub.lan:5000", "https://hub.lan", False),
    ("hub.lan:443", "https://hub.lan", True),
    ("hub.lan:443", "http://hub.lan", False),
    ("10.1.0.0/16", "https://10.1.2.3", True),
    ("10.1.2.3", "https://10.1.2.3:5000", True),
    ("10.1.2.3:443", "https://10.1.2.3:5000", False),
    ("10.1.2.3:443", "https://10.1.2.3", True),
    ("fd00::/64", "https://[fd00::9]", True),
    ("fd00::9", "https://[fd00::9]:5000", True),
    ("[fd00::9]", "https://[fd00::9]", False),
    ("[fd00::9]:5000", "https://[fd00::9]:5000", True),
    ("*", "https://registry.k8s.io", True),
    (".lan", "https://127.0.0.5", True),
    (".lan", "https://registry.k8s.io", False),
    (".lan", "https://10.30.0.11:6443", True),
    (".lan", "https://api.atlas.lan:8443", True),
    (".lan", "https://web.default.svc", True),
    (".lan", "https://svc", False),
    (".lan", "https://10.96.0.1", True),
    (".lan", "https://10.244.3.4", True),
]


@pytest.mark.parametrize(("entry", "url", "direct"), ROWS)
def test_the_way_is_that_of_go(entry: str, url: str, direct: bool) -> None:
    given = {"http": "http://proxy:1", "https": "http://proxy:1", "no_proxy": [entry]}
    assert (proxy.way(spec(supply={"proxy": given}), url) is None) == direct


def test_the_registry_of_haui_is_reached_directly() -> None:
    cluster = with_registry(supply={"proxy": {"https": "http://proxy:1"}})
    assert proxy.way(cluster, "https://rg1:5000") is None
    assert proxy.way(cluster, "https://10.30.0.52:5000") is None
