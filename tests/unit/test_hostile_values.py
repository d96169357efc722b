"""Every text of the cluster file, and what nobody wants in it: refused in words that are safe to
print, with the place where it stands, or taken as it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from haui.clusterfile.load import SpecFileError, dump, load_text, located, validate
from haui.clusterfile.yamltree import Document
from haui.errors import HauiError, SpecError
from haui.printable import printable, printable_text
from haui.spec import ClusterSpec
from tests.unit.hostile import (
    CARRIED,
    FREE,
    PLACES,
    REFUSED,
    TEXTS,
    as_yaml,
    value_at,
    with_text,
)
from tests.unit.spec_samples import steady

_NORMALIZED = ("address", "vip", "pods", "services")
"""Fields whose value is written in its usual way: an address, a network."""


WRITTEN = (
    "ssh.user",
    "ssh.key",
    "hosts.0.labels.rack",
    "preflight.overrides.sizes.memory@cp-a",
    "advanced.kubeadm.ClusterConfiguration.apiServer.certSANs.0",
    "advanced.containerd.disable_apparmor.[key]",
)
"""Where it is also looked at how the text is written and read again; all texts are written in one
way, wherever they stand."""


def taken(name: str, text: str) -> ClusterSpec | None:
    """The spec with that text in it. None when it is refused, which has been looked at then."""
    document = Document(data=with_text(name, text))
    spec, found = validate(document)
    if spec is not None:
        return spec
    field = PLACES[name][1]
    assert found
    for problem in found:
        assert problem.loc[: len(field)] == field, problem
        assert str(problem) == printable(str(problem))
        assert len(str(problem)) < 1000
    shown = SpecFileError("atlas.yaml", located(document, found)).render()
    assert shown == printable_text(shown)
    return None


def carried(name: str, text: str, spec: ClusterSpec) -> None:
    """The text is in the spec, in the file that is written of it (for some places), and in what is
    read of that by us and by others."""
    kept = value_at(spec.model_dump(), name, text)
    normal = name.endswith(_NORMALIZED) or "://" in text
    assert kept == text or normal, (name, text, kept)
    if name not in WRITTEN:
        return
    written = dump(spec, comments=False)
    assert value_at(yaml.load(written, Loader=yaml.CSafeLoader), name, text) == kept
    again, _ = validate(Document(data=load_data(written)))
    assert again == spec


def load_data(text: str) -> Any:
    """What our own reader makes of it, which takes no guess at a bare word."""
    from haui.clusterfile.load import parse

    document = parse(text, name="again.yaml")
    assert document.problems == []
    return document.data


@pytest.mark.parametrize("name", PLACES)
def test_what_acts_on_terminals_and_programs_is_refused(name: str) -> None:
    for text in REFUSED:
        spec = taken(name, text)
        free = name.startswith(FREE)
        if spec is not None and not free:
            # A label may have no value.
            assert text == "" and name == "hosts.0.labels.rack", (name, text)
        if spec is not None:
            carried(name, text, spec)
            assert text.replace("\t", "") == printable_text(text).replace("\t", "")


@pytest.mark.parametrize("name", PLACES)
def test_what_is_taken_is_taken_as_it_is(name: str) -> None:
    for text in CARRIED:
        spec = taken(name, text)
        if spec is not None:
            carried(name, text, spec)


def test_paths_reasons_and_free_data_take_what_people_write() -> None:
    """So that the tests above can't pass by refusing everything."""
    for name in (
        "ssh.key",
        "supply.images.ca",
        "preflight.overrides.sizes.memory@cp-a",
        "advanced.kubeadm.ClusterConfiguration.apiServer.certSANs.0",
    ):
        texts = [text for text in CARRIED if len(text) > 2]
        assert [text for text in texts if taken(name, text) is None] == [], name


@settings(steady, max_examples=150)
@given(name=st.sampled_from(sorted(PLACES)), text=TEXTS)
def test_any_text_at_any_place(name: str, text: str) -> None:
    spec = taken(name, text)
    if spec is not None:
        carried(name, text, spec)


def _error(text: str) -> HauiError | None:
    try:
        load_text(text, name="atlas.yaml", files=False)
    except SpecError as error:
        return error
    return None


@settings(steady, max_examples=150)
@given(
    keys=st.lists(TEXTS, min_size=1, max_size=4),
    value=TEXTS | st.none() | st.booleans() | st.integers() | st.lists(TEXTS, max_size=2),
)
def test_keys_of_a_file_are_shown_safely(keys: list[str], value: Any) -> None:
    """A key may hold anything that YAML can write; the message about it must not."""
    data = value
    for key in reversed(keys):
        data = {key: data}
    for document in (data, {"name": "atlas", "ssh": data}, {"hosts": [data]}):
        error = _error(as_yaml(document))
        assert error is not None
        shown = f"{error.what}\n{error.why}\n{error.fix}"
        assert shown == printable_text(shown)
        assert len(shown) < 40_000


LONG = "9" * 900_000


@pytest.mark.parametrize(
    "text",
    [
        f"name: {LONG}",
        f"name: {LONG}.5",
        f"name: 1_{LONG}",
        f"format: haui/{LONG}",
        f"? '{LONG}'\n: 1",
        f"ssh: {{user: '{LONG}', port: '{LONG}'}}",
        f"supply: {{images: {{verify_image: '{'a:' * 400_000}'}}}}",
        f"a: !{LONG} b",
        f"name: {'1:' * 400_000}1",
        "%TAG !a! x:a\n" * 60_000 + "a: 1",
    ],
    ids=lambda text: text[:20],
)
def test_messages_are_short_however_long_the_value(text: str) -> None:
    error = _error(text)
    assert error is not None
    assert len(error.render()) < 2000
