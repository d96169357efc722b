"""A value that must not be printed by accident."""

from __future__ import annotations

from typing import final

MASK = "••••"


@final
class Secret:
    """Holds a secret text in memory; `repr`, `str` and formatting show a mask.

    Equality is by value so that tests can compare; it is deliberately not hashable and not
    picklable. Call `reveal()` only where the value goes onto a wire or into a tmpfs file.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> str:
        raise TypeError("a Secret can't be pickled")
