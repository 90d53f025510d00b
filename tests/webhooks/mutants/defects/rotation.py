"""Receivers that get a rotation wrong: one secret in an overlap, or two after it."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import Changes, Defect, another_key, with_claim

_OLD = "hmac.new(OLD, body, ALGORITHM).hexdigest()"


def _old_too(condition: str) -> Changes:
    """Accept what fulfils this, `old` being the signature by the old secret."""
    return with_claim(f"old = (PREFIX + {_OLD}).encode()", f"if {condition}:", "    return True")


BOTH = another_key("OLD")
OVERLAP = (
    Defect("knows the new secret alone", "O01, O01 pretty", {}),
    Defect(
        "compares the old one over compact JSON",
        "O01 pretty",
        _old_too("claimed == old and b'\\n' not in body"),
    ),
    Defect(
        "trims before it tries the old one",
        "O02 changed",
        with_claim(
            "trimmed = hmac.new(OLD, body.rstrip(b' '), ALGORITHM).hexdigest()",
            "if claimed == (PREFIX + trimmed).encode():",
            "    return True",
        ),
    ),
    Defect(
        "compares the old one as far as was sent",
        "O02 cut",
        _old_too("len(claimed) > 12 and old.startswith(claimed)"),
    ),
    Defect(
        "remembers signatures by the old one",
        "O02 other",
        _old_too("claimed == old and not SEEN.add(claimed) or claimed in SEEN"),
    ),
)
REVOKED = (Defect("keeps the old secret", "O03", BOTH),)
