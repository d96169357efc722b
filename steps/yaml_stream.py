"""Documents as YAML text, for what haui places and applies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

_FASTEST: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""Five times as quick with libyaml, which the usual builds of PyYAML have."""


class _Dumper(_FASTEST):  # type: ignore[misc]
    """Writes a part that stands at several places out at each of them: people read this."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


UNFOLDED = 1 << 20
"""The width of lines: libyaml folds long texts at other places than PyYAML's own code."""


def yaml_stream(documents: Iterable[Any], *, allow_unicode: bool = False) -> bytes:
    """The documents as one stream in UTF-8, block style, in the order in which they were built.

    Without `allow_unicode` everything but ASCII is escaped.
    """
    text: str = yaml.dump_all(
        documents,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=allow_unicode,
        width=UNFOLDED,
    )
    return text.encode()
