"""Keeps the values of secrets out of everything that leaves the executor."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import replace

from haui.events import Finding, Problem
from haui.secret import MASK

SHORTEST_SUPPLIED = 16
"""Supplied values below this length are names and addresses, not credentials (a bootstrap token has
23 characters, a certificate key 64)."""


class Masker:
    """Replaces known secret texts by a mask."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = {secret for secret in secrets if secret}
        self._pattern = self._compile()

    def with_supplied(self, values: Iterable[str]) -> Masker:
        """A masker that also knows the values that a supply script gave."""
        secret = {value for value in values if len(value) >= SHORTEST_SUPPLIED}
        return Masker(self._known.union(secret, *map(_key_lines, secret)))

    def text(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def lines(self, lines: tuple[str, ...]) -> tuple[str, ...]:
        if self._pattern is None:
            return lines
        return tuple(self._pattern.sub(MASK, line) for line in lines)

    def findings(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        if self._pattern is None:
            return findings
        return tuple(
            replace(
                found,
                what=self.text(found.what),
                expected=self.text(found.expected),
                seen=self.text(found.seen),
                fix=self.text(found.fix),
                fix_with=self.text(found.fix_with),
            )
            for found in findings
        )

    def problem(self, problem: Problem | None) -> Problem | None:
        if problem is None or self._pattern is None:
            return problem
        return Problem(
            what=self.text(problem.what),
            why=self.text(problem.why),
            fix=self.text(problem.fix),
        )

    def _compile(self) -> re.Pattern[str] | None:
        if not self._known:
            return None
        longest_first = sorted(self._known, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)))


def _key_lines(value: str) -> set[str]:
    """The lines of a private key that travels in Base64: on a host it is a file of many lines."""
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return set()
    if "PRIVATE KEY-----" not in text:
        return set()
    body = (line.strip() for line in text.splitlines() if "-----" not in line)
    return {line for line in body if len(line) >= SHORTEST_SUPPLIED}
