"""What all parts of the cluster file's shape are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

FileText = Annotated[str | None, SkipJsonSchema(), Field(default=None, exclude=True, repr=False)]
"""The text of a file that the cluster file names: read on loading, never written into it."""


def described(
    default: Any = ..., description: str = "", example: object = None, *, file: bool = False
) -> Any:
    """A documented field; `file` marks a path on this machine, relative to the cluster file."""
    return Field(
        default,
        description=description,
        examples=None if example is None else [example],
        json_schema_extra={"x-haui-file": True} if file else None,
    )


class Model(BaseModel):
    """Base: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
