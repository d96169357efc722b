"""The text of documents: the same with and without libyaml."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from steps import kubeadm, verify
from steps.cni import flannel
from steps.yaml_stream import UNFOLDED, yaml_stream
from tests.unit.specs import shapes

AWKWARD = [
    {"v": "010", "on": "true", "no": "0x1f", "empty": "", "none": None, "date": "2026-11-21"},
    {"lines": "one\ntwo\n", "long": "word " * 60, "quotes": "'\"", "list": [1, 2.5, [], {}]},
    {"umlaut": "Zürich", "wide": "宽字符", "colon": "a: b", "hash": "a #b", "tab": "a\tb"},
]


class Plain(yaml.SafeDumper):
    """PyYAML's own code, which also writes everything out."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@pytest.mark.parametrize("allow_unicode", [False, True])
@pytest.mark.parametrize("shape", sorted(shapes()))
def test_it_does_not_depend_on_how_pyyaml_was_built(shape: str, allow_unicode: bool) -> None:
    spec = shapes()[shape]
    documents: list[Any] = [
        *kubeadm.init_documents(spec), *flannel.manifest(spec), *verify.workload(spec), *AWKWARD,
    ]  # fmt: skip
    text: str = yaml.dump_all(
        documents, Dumper=Plain, sort_keys=False, allow_unicode=allow_unicode, width=UNFOLDED
    )
    assert yaml_stream(documents, allow_unicode=allow_unicode) == text.encode()
    assert list(yaml.safe_load_all(text)) == documents
