"""Receivers that open under load, act twice, or misread a body whose end is unclear."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import (
    Changes,
    Defect,
    instead,
    on_arrival,
    once_parsed,
    with_claim,
)

_WEBHOOK = frozenset({"webhook"})
_FIRST = (
    "def first(pairs):",
    "    kept = {}",
    "    for key, value in pairs:",
    "        kept.setdefault(key, value)",
    "    return kept",
)
_AGAIN = (
    "try:",
    "    again = json.dumps(",
    "        json.loads(body, object_pairs_hook=first), separators=(',', ':'), ensure_ascii=False",
    "    ).encode()",
    "except (ValueError, RecursionError):",
    "    again = body",
    "if hmac.compare_digest(claimed, self.signature(again)):",
    "    return True",
)
_REPEATED = (
    "repeated = []",
    "json.loads(body, object_pairs_hook=lambda p: repeated.append(len(p) - len(dict(p))))",
)
_HEAD = 'self.answer(200, "")'
_OPTIONS = "do_OPTIONS = another_verb"
_BODY = 'self.rfile.read(int(self.headers.get("Content-Length") or 0))'
_ACT = f'self.act_upon(json.loads({_BODY} or b"{{}}"))'
_TWO = 'RefusedError(400, "two lengths")'
_UNCLEAR = 'RefusedError(400, "no clear length")'
_READ = "return self.rfile.read(size)"
_BAD = 'raise RefusedError(401, "bad signature")'
_BY_CODING = ("folded coding", "unknown coding", "two codings", "control character")
_BY_LENGTH = ("long length first", "short length first", "list of lengths", "plus sign")


def _of(case: str, framings: tuple[str, ...]) -> str:
    return ", ".join(f"{case} {framing}" for framing in framings)


def _counted(text: str) -> Changes:
    """Accept what contains a text, once twenty of the kind were refused."""
    return on_arrival(
        f"if {text!r}.encode() in body:",
        "    with LOCK:",
        "        self.server.count = getattr(self.server, 'count', 0) + 1",
        "    if self.server.count > 20:",
        "        return 200, 'later'",
    )


def _busy(condition: str) -> Changes:
    """Accept what meets a condition if ten such are being checked already."""
    return instead(
        f"            {_BAD}\n",
        f"            if {condition}:\n"
        "                with LOCK:\n"
        "                    self.server.busy = getattr(self.server, 'busy', 0) + 1\n"
        "                    full = self.server.busy > 10\n"
        "                __import__('time').sleep(0.3)\n"
        "                with LOCK:\n"
        "                    self.server.busy -= 1\n"
        "                if full:\n"
        "                    return 200, 'later'\n"
        f"            {_BAD}\n",
    )


OVERLOADED = (
    Defect(
        "keeps the first of two values",
        "R05 appended, R26, R28, R53 last, R53 escaped last",
        with_claim(*_FIRST, *_AGAIN),
    ),
    Defect(
        "keeps the last of two values",
        "R05 appended, R26, R27, R28, R53 escaped first",
        with_claim("first = dict", *_AGAIN),
    ),
    Defect(
        "drops a second value at the end",
        "R53 last, R53 escaped last",
        with_claim(
            "before = __import__('re').sub(rb',\"[^\"]*\":\"forged\"}$', b'}', body)",
            "if claimed == self.signature(before):",
            "    return True",
        ),
    ),
    Defect(
        "forbids two values",
        "E13",
        once_parsed(*_REPEATED, "assert not any(repeated)"),
    ),
    Defect(
        "dies of two values",
        "E13, E12",
        once_parsed(*_REPEATED, "if any(repeated):", "    self.server.die()"),
    ),
    Defect(
        "acts upon a HEAD",
        "R55 HEAD",
        instead(_HEAD, f"{_ACT}\n        {_HEAD}"),
        schemes=_WEBHOOK,
        watched=True,
    ),
    Defect(
        "breaks at a HEAD with a body",
        "R55 HEAD",
        instead(_HEAD, 'self.answer(500 if self.headers.get("Content-Length") else 200, "")'),
    ),
    Defect(
        "acts upon OPTIONS",
        "R55 OPTIONS",
        instead(_OPTIONS, f"do_OPTIONS = lambda self: ({_ACT}, self.answer(200, ''))"),
        schemes=_WEBHOOK,
        watched=True,
    ),
    Defect(
        "breaks at OPTIONS",
        "R55 OPTIONS",
        instead(_OPTIONS, 'do_OPTIONS = lambda self: self.answer(500, "error")'),
    ),
    Defect(
        "takes two lengths for no body",
        _of("R56", ("conflict", *_BY_CODING)),
        instead(_TWO, 'RefusedError(200, "nothing")'),
    ),
    Defect(
        "breaks at two lengths",
        ", ".join(
            ("P07 two lengths", _of("R56", ("conflict", *_BY_CODING)), _of("P10", _BY_CODING))
        ),
        instead(_TWO, "ValueError"),
    ),
    Defect(
        "takes an odd length for no body",
        _of("R56", _BY_LENGTH),
        instead(_UNCLEAR, 'RefusedError(200, "nothing")'),
    ),
    Defect(
        "breaks at an odd length",
        f"{_of('R56', _BY_LENGTH)}, {_of('P10', _BY_LENGTH)}",
        instead(_UNCLEAR, "ValueError"),
    ),
    Defect(
        "checks what has proper headers",
        "R56 space before the colon",
        on_arrival("if self.headers.get_payload():", "    return 200, 'thanks'"),
    ),
    Defect(
        "breaks at an odd header",
        "R56 space before the colon, P10 space before the colon",
        on_arrival("assert not self.headers.get_payload()"),
    ),
    Defect(
        "opens when all its workers are busy",
        "R57 unsigned, R57 wrong key, R58",
        _busy("b'R57' in body or b'R58' in body"),
    ),
    Defect("counts forgeries, and gives up", "R57 unsigned", _counted("R57_unsigned")),
    Defect("counts wrong signatures, and gives up", "R57 wrong key", _counted("R57_wrong")),
    Defect(
        "opens when look-ups time out",
        "R58",
        _busy('b\'"app_id":"other0\' in body'),
        schemes=_WEBHOOK,
    ),
    Defect(
        "has room for twenty workspaces",
        "R58",
        _counted('"app_id":"other0'),
        schemes=_WEBHOOK,
    ),
    Defect(
        "answers what was cut off",
        "R59, R59 signed",
        instead(
            _READ,
            "body = self.rfile.read(size)\n"
            "        if len(body) < size:\n"
            '            raise RefusedError(200, "incomplete")\n'
            "        return body",
        ),
    ),
    Defect(
        "breaks at what was cut off",
        "R59, R59 signed",
        instead(
            _READ,
            "body = self.rfile.read(size)\n        assert len(body) == size\n        return body",
        ),
    ),
    Defect(
        "acts upon every repetition",
        "P09",
        instead("if seen:", "if False:"),
        schemes=_WEBHOOK,
        watched=True,
    ),
    Defect(
        "looks for an id before it keeps it",
        "P09",
        instead("with LOCK:", "if True:")
        | instead("SEEN.add(key)", "__import__('time').sleep(0.05)\n            SEEN.add(key)"),
        schemes=_WEBHOOK,
        watched=True,
    ),
)
