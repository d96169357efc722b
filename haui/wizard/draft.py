"""A draft: the answers so far, where the admin is, and the file that keeps both.

The file is JSON, since the answers may be wrong in every way and must come back exactly as they
were typed. It holds no secret. A file that can't be read is reported and never overwritten.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

from haui import bounded_json
from haui.errors import SpecError
from haui.plainfile import read_at_most
from haui.wholefile import write_whole
from haui.wizard.pages import PAGES, PageId

FORMAT = "haui-draft/1"
MAX_BYTES = 8 << 20
MAX_PARTS = 100_000
"""Commas and opening brackets: twice as many as the largest cluster file has values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`answers` in the cluster file's shape; `reached` are the pages that have been seen.

    `rehearsal` says that the hosts are simulated, `origin` where the answers came from (a preset's
    name or a cluster's). `begun` and `saved` are stamps, UTC, ISO 8601.
    """

    id: str
    answers: dict[str, Any] = field(default_factory=dict)
    page: PageId = "topology"
    reached: tuple[PageId, ...] = ("topology",)
    rehearsal: bool = False
    origin: str = ""
    begun: str = ""
    saved: str = ""

    @property
    def name(self) -> str:
        """The cluster's name, as far as there is one."""
        name = self.answers.get("name")
        return name if isinstance(name, str) else ""

    def to_text(self) -> str:
        """The file's content."""
        body = {"format": FORMAT} | asdict(self)
        del body["id"]
        return json.dumps(body, indent=1, ensure_ascii=True) + "\n"


def read_draft(path: Path) -> Draft:
    """The draft in a file. Raises SpecError that names the file and the line."""
    try:
        data = read_at_most(path, MAX_BYTES)
    except OSError as error:
        raise _broken(path, 0, f"can't be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise _broken(path, 0, f"is larger than {MAX_BYTES >> 20} MB")
    try:
        body = bounded_json.loads(data, parts=MAX_PARTS)
    except json.JSONDecodeError as error:
        raise _broken(path, error.lineno, error.msg) from None
    except ValueError as error:
        raise _broken(path, 0, f"is not a text that haui wrote: {error}") from None
    return _draft(path, body)


def write_draft(path: Path, draft: Draft) -> None:
    """Replaces the file, all or nothing, mode 0600. Raises OSError; the old one is there then.

    The disk is not waited for: a killed process loses nothing, and answers are cheap enough for a
    power cut.
    """
    write_whole(path, draft.to_text().encode("ascii"), wait=False)


def _draft(path: Path, body: Any) -> Draft:
    if not isinstance(body, dict) or "format" not in body:
        raise _broken(path, 1, "is not a draft of haui")
    if body["format"] != FORMAT:
        what = f"has the format {str(body['format'])[:40]!r}; this haui reads {FORMAT}"
        raise _broken(path, 1, what)
    answers = body.get("answers", {})
    if not isinstance(answers, dict):
        raise _broken(path, 1, "has answers that are no map")
    pages = get_args(PageId)
    page = next((known for known in pages if known == body.get("page")), PAGES[0].id)
    said = body.get("reached")
    reached = tuple(known for known in pages if isinstance(said, list) and known in said)
    return Draft(
        id=path.stem,
        answers=answers,
        page=page,
        reached=reached or (PAGES[0].id,),
        rehearsal=body.get("rehearsal") is True,
        origin=_text(body.get("origin")),
        begun=_text(body.get("begun")),
        saved=_text(body.get("saved")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _broken(path: Path, line: int, what: str) -> SpecError:
    where = f"{path}:{line}" if line else str(path)
    return SpecError(
        f"{where}: {what}" if line else f"{where} {what}",
        fix="haui leaves the file alone: mend it, or move it away",
    )
