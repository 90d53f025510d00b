"""Receivers that refuse, lose or choke on what Intercom really sends."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import (
    Defect,
    before_parsing,
    digest_of,
    instead,
    on_arrival,
    once_parsed,
)

_TEXT = 'body.decode("utf-8", "surrogateescape")'
_BYTES = '.encode("utf-8", "surrogateescape")'
_NFC = f'__import__("unicodedata").normalize("NFC", {_TEXT}){_BYTES}'
_NO_ZERO = r'__import__("re").sub(rb"(\d)\.0\b", rb"\1", body)'
_AGAIN = 'json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()'
_FULL = "        if size > LARGEST:\n"

GENUINE = (
    Defect(
        "another hash",
        "A01",
        instead("(PREFIX + digest).encode()", "(PREFIX + digest[::-1]).encode()"),
    ),
    Defect(
        "writes the JSON again",
        "A02, A04, A05, A06, R05 appended, R05 cut, R2[6-9], R53 *, E0[468], "
        "E0[359] wrong key, E11 gzip, R46 wrong key, R47, R59 signed, P10 space before the colon",
        digest_of(_AGAIN),
    ),
    Defect("normalises text", "A03", digest_of(_NFC)),
    Defect("takes escapes out", "A04", digest_of(r'body.replace(b"\\/", b"/")')),
    Defect("shortens numbers", "A05", digest_of(_NO_ZERO)),
    Defect("trims the end", "A06", digest_of(r'body.rstrip(b"\n")')),
    Defect("trims white space", "A06, R05 appended", digest_of("body.strip()")),
    Defect(
        "minds the header's case",
        "A07 lower, A07 upper",
        instead(
            "self.headers.get_all(HEADER, [])",
            "[value for name, value in self.headers.raw_items() if name == HEADER]",
        ),
    ),
    Defect(
        "minds the charset",
        "A08",
        before_parsing(
            'if self.headers.get("Content-Type", "application/json") != "application/json":',
            "    return 415, 'not JSON'",
        ),
    ),
    Defect("reads no chunks", "A09", instead("return self.read_chunks()", 'return b""')),
    Defect("stops at 10 KB", "A10", instead("LARGEST = 1_000_000", "LARGEST = 10_000")),
    Defect(
        "dies of a large body",
        "E12",
        instead(
            _FULL, f"        if 200_000 < size < LARGEST:\n            self.server.crash()\n{_FULL}"
        ),
    ),
    Defect("wants an id", "A12", once_parsed('document.get("id", "").lower()')),
    Defect(
        "knows its topics only",
        "A13",
        once_parsed(
            'if document.get("topic", document.get("event_name", "ping")) not in '
            '("ping", "fin_replied", "conversation.user.created"):',
            "    return 404, 'no such topic'",
        ),
    ),
    Defect("dies of a HEAD", "E12", instead('self.answer(200, "")', "self.server.crash()")),
    Defect("minds a repetition", "A15", instead('200, "seen before"', '409, "seen before"')),
    Defect(
        "takes it and drops it",
        "A*, P02, P07 slow, P09",
        instead('ACTED_UPON.append(str(document.get("id")))', "return"),
        schemes=frozenset({"webhook"}),
        watched=True,
    ),
    Defect(
        "acts before it verifies",
        "R*, E0[12] *, P09",
        on_arrival(
            "try:",
            "    self.act_upon(json.loads(body))",
            "except Exception:",
            "    raise RefusedError(400, 'not JSON') from None",
        ),
        schemes=frozenset({"webhook"}),
        watched=True,
    ),
)
