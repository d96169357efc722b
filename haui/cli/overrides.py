"""`--override ID[@HOST]=REASON`: findings that would block, and are let pass."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from haui.errors import UsageError
from haui.events import Event, PreflightResult
from haui.spec import ClusterSpec, Preflight
from steps.checks import BY_ID
from steps.checks.bastion import NAME as BASTION

_EXAMPLE = "for example: --override 'sizes.memory@cp-a=a test machine, replaced in May'"


def with_overrides(
    spec: ClusterSpec, texts: Sequence[str], *, rehearsals: bool = True
) -> ClusterSpec:
    """The cluster with these overrides added to its own. Raises UsageError.

    Without `rehearsals` it is one where nothing is tried out.
    """
    if not texts and rehearsals:
        return spec
    added = dict(_parsed(spec, text) for text in texts)
    data = spec.preflight.model_dump()
    data["overrides"] = {**data["overrides"], **added}
    data["rehearsals"] = data["rehearsals"] and rehearsals
    try:
        preflight = Preflight.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"--override: {first}", fix=_EXAMPLE) from None
    return spec.model_copy(update={"preflight": preflight})


class Overridden:
    """Watches a run: which overrides have let something pass."""

    def __init__(self, spec: ClusterSpec) -> None:
        self._overrides = tuple(spec.preflight.overrides)
        self._seen: set[tuple[str, str]] = set()
        self._used: set[tuple[str, str]] = set()

    def __call__(self, event: Event) -> None:
        """A subscriber of the bus."""
        if isinstance(event, PreflightResult):
            self._seen.add((event.check, event.host))
            if event.override:
                self._used.add((event.check, event.host))

    def unused(self) -> tuple[str, ...]:
        """What is to be said of overrides that matched nothing, one line each."""
        return tuple(
            f"the override {ref} has let nothing pass: "
            + ("nothing blocks there" if _matches(ref, self._seen) else "it was not looked at")
            for ref in self._overrides
            if not _matches(ref, self._used)
        )


def _matches(ref: str, found: Iterable[tuple[str, str]]) -> bool:
    check, _, host = ref.partition("@")
    return any(check == other and host in ("", name) for other, name in found)


def _parsed(spec: ClusterSpec, text: str) -> tuple[str, str]:
    ref, equals, reason = text.partition("=")
    if not equals or not reason.strip():
        raise UsageError(f"--override {text[:100]!r} gives no reason", fix=_EXAMPLE)
    check, at, host = ref.strip().partition("@")
    if check not in BY_ID:
        raise UsageError(
            f"--override: there is no check {check[:100]!r}", fix=_near(check, tuple(BY_ID))
        )
    if not BY_ID[check].overridable:
        raise UsageError(f"--override: {check} can't be let pass", why=BY_ID[check].why)
    names = (*(each.name for each in spec.hosts), BASTION)
    if at and host not in names:
        raise UsageError(
            f"--override: there is no host {host[:100]!r} in {spec.name}", fix=_near(host, names)
        )
    return f"{check}{at}{host}", reason.strip()


def _near(word: str, known: Sequence[str]) -> str:
    """The names that may have been meant, else some of all."""
    near = difflib.get_close_matches(word[:100], known, n=3, cutoff=0.5)
    same_area = [name for name in known if "." in word and name.startswith(word.split(".")[0])]
    found = near or same_area[:5] or list(known[:5])
    return (
        f"did you mean {', '.join(found)}?"
        if near
        else f"there is, for example: {', '.join(found)}"
    )
