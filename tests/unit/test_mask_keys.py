"""A private key that was supplied is blotted out however it is printed."""

from __future__ import annotations

import base64

from haui.execution.mask import Masker
from haui.secret import MASK

BODY = ("MIIEvgIBADANBgkqhkiG9w0BAQEFAASC", "BKgwggSkAgEAAoIBAQC7VJTUt9Us8cKj", "short==")
PEM = "\n".join(("-----BEGIN PRIVATE KEY-----", *BODY, "-----END PRIVATE KEY-----", ""))
CERTIFICATE = PEM.replace("PRIVATE KEY", "CERTIFICATE")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_key_is_masked_as_one_value_and_line_by_line() -> None:
    mask = Masker(()).with_supplied([encoded(PEM)])
    assert mask.text(f"server_key={encoded(PEM)}") == f"server_key={MASK}"
    said = mask.lines(tuple(PEM.splitlines()))
    assert said == (
        "-----BEGIN PRIVATE KEY-----",
        MASK,
        MASK,
        "short==",
        "-----END PRIVATE KEY-----",
    )


def test_the_lines_of_a_certificate_are_no_secret() -> None:
    mask = Masker(()).with_supplied([encoded(CERTIFICATE)])
    assert mask.text(BODY[0]) == BODY[0]


def test_what_is_not_base64_is_masked_as_it_is() -> None:
    mask = Masker(()).with_supplied(["not base64, but long enough", "//////////////////////8="])
    assert mask.text("not base64, but long enough //////////////////////8=") == f"{MASK} {MASK}"
