"""Receivers that break at what can't be read."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import (
    Defect,
    before_parsing,
    compared,
    instead,
    on_arrival,
    once_parsed,
    with_claim,
)

_CAUGHT = "except (ValueError, RecursionError):"
_PREFIXED = frozenset({"webhook", "fin_agent"})

MALFORMED = (
    Defect(
        "compares text",
        "E01 latin, E01 multibyte, E01 bytes",
        compared("hmac.compare_digest(claims[0], expected.decode())"),
    ),
    Defect("decodes the header", "E01 latin, E01 bytes", with_claim("claimed.decode()")),
    Defect(
        "dies of a strange header",
        "E01 latin, E12",
        with_claim("if not claims[0].isascii():", "    self.server.die()"),
    ),
    Defect(
        "splits the header",
        "R02, R11 equals, R17 none, R31, R33, E01 bytes, E02 no equals, E02 three parts, R51 *",
        with_claim('_, digest = claims[0].split("=")'),
        schemes=_PREFIXED,
    ),
    Defect(
        "reads hex",
        "R09 1, R09 39, R11 *, R17 *, R18 *, R31, E01 *, E02 no *, E02 equals, "
        "E02 three parts, R50 text",
        with_claim("bytes.fromhex(claims[0].removeprefix(PREFIX))"),
        schemes=_PREFIXED,
    ),
    Defect("has room for a short header", "E02 8 KB", with_claim("assert len(claimed) < 4096")),
    Defect(
        "looks the algorithm up",
        "R02, R17 *, R33, E01 bytes, E02 equals, E02 three parts, R50 text, R51 *",
        with_claim('hashlib.new(claims[0].partition("=")[0])'),
        schemes=_PREFIXED,
    ),
    Defect(
        "parses first",
        "R05 cut, R23, R29, E03, E03 wrong key, E0[45689]*, E11 *, R37 *, R39 *, R46*, R47, "
        "R56 space *, R59*, P10 space *",
        on_arrival("json.loads(body)"),
    ),
    Defect(
        "parses what is signed somehow",
        "R05 cut, R29, E03 wrong key, E05 wrong key, E09 wrong key, E04, E06, E08, "
        "E11 gzip, R46 wrong key, R47, R59 signed, P10 space *",
        on_arrival("if self.headers.get(HEADER):", "    json.loads(body)"),
    ),
    Defect(
        "parses what has the form of a signature, to any depth",
        "E09 wrong key",
        on_arrival(
            "if len(self.headers.get(HEADER, '')) >= 40:",
            "    try:",
            "        json.loads(body)",
            "    except ValueError:",
            "        return 400, 'not JSON'",
        ),
    ),
    Defect(
        "parses after all", "E04, E06, E08, E11 gzip", instead(_CAUGHT, "except RecursionError:")
    ),
    Defect("looks at the first byte", "E05, E05 wrong key, E06", on_arrival("body[0]")),
    Defect(
        "takes nothing for a health check",
        "E05, E05 wrong key",
        on_arrival("if not body:", "    return 200, 'alive'"),
    ),
    Defect("wants a first byte", "E06", before_parsing("body[0]")),
    Defect(
        "wants an object",
        "E07 null, E07 list, E07 number",
        instead("if not isinstance(document, dict):", "if document == 8:"),
    ),
    Defect("wants an item", "E07 data null", once_parsed('document.get("data", {}).get("item")')),
    Defect("wants one topic", "E07 proto", once_parsed("str.lower(document.get('topic', ''))")),
    Defect("wants text", "E08, E11 gzip", before_parsing("body.decode()")),
    Defect(
        "parses first, to any depth",
        "E09, E09 wrong key",
        on_arrival(
            "try:", "    json.loads(body)", "except ValueError:", "    return 400, 'not JSON'"
        ),
    ),
    Defect(
        "breaks at a large body",
        "E10, E10 wrong key, R45 *",
        instead('RefusedError(413, "too large")', "MemoryError"),
    ),
    Defect(
        "takes any amount",
        "E10, E10 wrong key",
        on_arrival("if len(body) > 3_000_000:", "    return 200, 'later'")
        | instead("LARGEST = 1_000_000", "LARGEST = 10_000_000"),
    ),
    Defect(
        "knows no encodings",
        "E11 gzip, E11 bomb, R37 *",
        on_arrival('if self.headers.get("Content-Encoding"):', "    raise NotImplementedError"),
    ),
    Defect(
        "unpacks a bomb",
        "E11 bomb, R37 deflate, R37 br",
        on_arrival(
            'if self.headers.get("Content-Encoding"):',
            '    assert len(__import__("gzip").decompress(body)) < LARGEST',
        ),
    ),
)
