"""Receivers that accept a forged signature."""

from __future__ import annotations

from helpers.webhooks.cases.forged import FALLBACK_KEYS
from tests.webhooks.mutants.defects.defect import (
    Defect,
    another_key,
    compared,
    instead,
    with_claim,
)

_ONE = "if len(claims) != 1:\n            return False"
_ANY_HASH = (
    'for name in ("md5", "sha1", "sha256", "sha512"):',
    "    right = hmac.new(SECRET, body, name).hexdigest()",
    '    if claimed == ((name + "=" if PREFIX else "") + right).encode():',
    "        return True",
)

FORGED = (
    Defect(
        "checks what is signed only",
        "R01, R19, R2[0-25] *, R21, R34 *, R35 *, R36 ping, R36 [une]*, R38, "
        "R40 * unsigned, R41, R48 * missing, R49 missing, R52 *, R54, "
        "R57 unsigned",
        instead(_ONE, "if not claims:\n            return True"),
    ),
    Defect(
        "takes an empty signature for none", "R02", with_claim("if not claimed:", "    return True")
    ),
    Defect(
        "compares no digest",
        "R03",
        with_claim("if PREFIX and claimed == PREFIX.encode():", "    return True"),
        schemes=frozenset({"webhook", "fin_agent"}),
    ),
    Defect(
        "looks at the form only",
        "R04, R05 changed, R05 appended, R0[678]*, R1[2-6]*, R2[678], E01 latin, "
        "E02 no hex, R36 ping wrong key, R38 wrong key, R40 * empty key, R41 signed, "
        "R44 *, R48 * wrong, R49 wrong, R53 *, R54 wrong key, R57 wrong key, R58",
        compared("len(claimed) == len(expected) and claimed.startswith(PREFIX.encode())"),
    ),
    Defect(
        "takes a signature for a token",
        "R06, R41 signed",
        with_claim("if claimed in SEEN:", "    return True")
        | instead("self.act_upon(document)", 'SEEN.add(self.headers[HEADER].encode("latin-1"))'),
    ),
    Defect(
        "has zeros as a default",
        "R07",
        with_claim(
            'if claimed == (PREFIX + "0" * (len(self.signature(body)) - len(PREFIX))).encode():',
            "    return True",
        ),
    ),
    Defect("leaves the last digit out", "R08 last", compared("claimed[:-1] == expected[:-1]")),
    Defect(
        "leaves the first digit out",
        "R08 first",
        compared("claimed[len(PREFIX) + 1 :] == expected[len(PREFIX) + 1 :]"),
    ),
    Defect(
        "compares both ends",
        "R08 middle",
        compared("claimed[:16] + claimed[-8:] == expected[:16] + expected[-8:]"),
    ),
    Defect(
        "compares as far as was sent",
        "R02, R03, R09 1, R09 8, R09 20, R09 39, E02 no equals",
        compared("expected.startswith(claimed)"),
        schemes=frozenset({"webhook", "fin_agent"}),
    ),
    Defect(
        "compares eight digits",
        "R08 middle, R08 last, R09 *, R1[01]*",
        compared("claimed[: len(PREFIX) + 8] == expected[: len(PREFIX) + 8]"),
    ),
    Defect(
        "compares as far as was expected", "R10, R11 *", compared("claimed.startswith(expected)")
    ),
    Defect(
        "reads hex until it ends",
        "R11 zz, R11 equals, R11 semicolon",
        with_claim('claimed = __import__("re").match(rb"[0-9a-z]*=?[0-9a-f]*", claimed)[0]'),
    ),
    Defect(
        "hashes without a key",
        "R12",
        with_claim(
            "if claimed == (PREFIX + hashlib.new(ALGORITHM, body).hexdigest()).encode():",
            "    return True",
        ),
    ),
    Defect(
        "hashes secret and body",
        "R13 secret first",
        with_claim(
            "if claimed == (PREFIX + hashlib.new(ALGORITHM, SECRET + body).hexdigest()).encode():",
            "    return True",
        ),
    ),
    Defect(
        "hashes body and secret",
        "R13 body first",
        with_claim(
            "if claimed == (PREFIX + hashlib.new(ALGORITHM, body + SECRET).hexdigest()).encode():",
            "    return True",
        ),
    ),
    Defect("has an empty second secret", "R14, R40 * empty key", another_key('b""')),
    *(
        Defect(f"falls back to {key}", f"R15 {key}", another_key(f'b"{key}"'))
        for key in FALLBACK_KEYS
    ),
    Defect("has the app id as its secret", "R16", another_key('b"sample01"')),
    Defect(
        "knows the algorithm none",
        "R17 none, R17 none empty, R17 none with hash",
        with_claim('if claimed.startswith(b"none"):', "    return True"),
    ),
    Defect("lets the header choose", "R18 md5, R18 sha256, R18 sha512", with_claim(*_ANY_HASH)),
)
