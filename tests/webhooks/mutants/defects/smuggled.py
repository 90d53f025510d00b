"""Receivers whose check can be gone round, or which choke on a strange one."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import (
    Defect,
    digest_of,
    instead,
    on_arrival,
    with_claim,
    with_headers,
)

_QUERY = '__import__("urllib.parse").parse.parse_qs(self.path.partition("?")[2])'
_AGAIN = 'json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()'
_OTHERS = (
    "for header, name, prefix in (",
    '    ("X-Hub-Signature", "sha1", "sha1="),',
    '    ("X-Body-Signature", "sha256", ""),',
    '    ("X-Fin-Agent-API-Webhook-Signature", "sha256", "sha256="),',
    "):",
    "    if self.headers.get(header) == prefix + hmac.new(SECRET, body, name).hexdigest():",
    "        return True",
)
_TYPE = 'self.headers.get("Content-Type")'
_OVERRIDE = 'self.headers.get("X-HTTP-Method-Override")'


def _unchecked(condition: str) -> dict[str, str]:
    return on_arrival(f"if {condition}:", "    return self.process(body)")


SMUGGLED = (
    Defect(
        "reads the query",
        "R19",
        instead(
            "self.headers.get_all(HEADER, [])",
            f'self.headers.get_all(HEADER, []) or {_QUERY}.get("signature", [])',
        ),
    ),
    Defect("takes any scheme's header", "R20 canvas_kit, R20 fin_agent", with_headers(*_OTHERS)),
    Defect(
        "trusts an address",
        "R21, R34 for Intercom",
        _unchecked('self.headers.get("X-Forwarded-For", "").startswith("34.231.68.")'),
    ),
    Defect(
        "checks JSON only",
        "R22 text, R22 vendor, R22 none",
        _unchecked(f'not ({_TYPE} or "").startswith("application/json")'),
    ),
    Defect("checks no text", "R22 text", _unchecked(f'{_TYPE} == "text/plain"')),
    Defect("checks what has a type", "R22 none", _unchecked(f"{_TYPE} is None")),
    Defect(
        "takes a form",
        "R23",
        on_arrival('if body.startswith(b"payload="):', "    return 200, 'thanks'"),
    ),
    *(
        Defect(
            f"takes a {verb}",
            f"R24 {verb}",
            instead(f"do_{verb} = another_verb", f"do_{verb} = do_HEAD"),
        )
        for verb in ("PUT", "PATCH", "DELETE")
    ),
    Defect(
        "breaks at a GET",
        "R24 GET",
        instead("do_GET = another_verb", 'do_GET = lambda self: self.answer(500, "error")'),
    ),
    Defect(
        "lets a header turn it into PUT",
        "R25 PUT",
        on_arrival(f'if {_OVERRIDE} == "PUT":', "    return 200, 'updated'"),
    ),
    Defect(
        "lets a header turn it into GET",
        "R25 GET",
        on_arrival(f'if {_OVERRIDE} == "GET":', "    return 200, 'hello'"),
    ),
    Defect(
        "takes the JSON written again too",
        "R05 appended, R26, R27, R28, R53 escaped first",
        with_claim(
            "try:",
            f"    again = {_AGAIN}",
            "except (ValueError, RecursionError):",
            "    again = body",
            "if hmac.compare_digest(claimed, self.signature(again)):",
            "    return True",
        ),
    ),
    Defect(
        "decodes a byte order mark away", "R28", digest_of('body.removeprefix(b"\\xef\\xbb\\xbf")')
    ),
    Defect(
        "decodes leniently",
        "R29",
        instead(
            "return self.rfile.read(size)",
            'return self.rfile.read(size).decode("utf-8", "replace").encode()',
        ),
    ),
    Defect(
        "breaks at two signatures",
        "R30 right first, R30 right last",
        with_headers("(_,) = self.headers.get_all(HEADER, [''])"),
    ),
    Defect("breaks at a list", "R31", with_claim('(_,) = claimed.split(b",")')),
    Defect("breaks at capitals", "R32", with_claim("assert claimed == claimed.lower()")),
    Defect(
        "breaks at another prefix",
        "R02, R17 none, R33, E01 bytes, E02 no equals, R51 *",
        with_claim("assert b'=' in claimed"),
        schemes=frozenset({"webhook", "fin_agent"}),
    ),
    Defect(
        "breaks at any prefix",
        "R11 equals, R33, E02 equals, E02 three parts",
        with_claim("assert b'=' not in claimed"),
        schemes=frozenset({"canvas_kit"}),
    ),
)
