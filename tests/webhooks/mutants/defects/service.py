"""Receivers that give something away, or serve against Intercom's delivery rules."""

from __future__ import annotations

from helpers.webhooks.battery import BatteryOptions
from tests.webhooks.mutants.defects.defect import (
    Defect,
    instead,
    once_parsed,
    with_claim,
)

_BAD = 'raise RefusedError(401, "bad signature")'
_NOT_JSON = 'raise RefusedError(400, "not JSON") from None'
_TIMED = frozenset({"webhook", "fin_agent"})

SERVICE = (
    Defect(
        "tells the right signature",
        "L01",
        instead(_BAD, "raise RefusedError(401, f'not {self.signature(body)}')"),
    ),
    Defect(
        "tells its secret",
        "L01",
        instead(_BAD, "raise RefusedError(401, f'bad signature: {SECRET}')"),
    ),
    Defect(
        "shows its traceback",
        "L01",
        instead(_NOT_JSON, 'raise RefusedError(400, __import__("traceback").format_exc())'),
    ),
    Defect(
        "hangs at times",
        "P01",
        with_claim("SEEN.add(body)", "if len(SEEN) == 3:", '    __import__("time").sleep(4)'),
        options=BatteryOptions(cases=("P01",), timeout=3.0),
    ),
    Defect(
        "takes thirty of a burst",
        "P02",
        once_parsed(
            "self.server.many = getattr(self.server, 'many', 0) + (b'P02_' in body)",
            "if self.server.many > 30:",
            "    return 503, 'busy'",
        ),
    ),
    Defect(
        "throttles large deliveries",
        "P03",
        instead("LARGEST = 1_000_000", "LARGEST = 200_000") | instead("413,", "429,"),
    ),
    Defect(
        "gives a ping up",
        "A12, P03",
        once_parsed("if document.get('topic') == 'ping':", "    return 410, 'gone'"),
        schemes=frozenset({"webhook"}),
    ),
    Defect(
        "breaks at an old delivery",
        "P04",
        once_parsed("assert document.get('created_at', 1_772_438_460) > 1_760_000_000"),
        schemes=_TIMED,
    ),
    Defect(
        "breaks at an unknown workspace",
        "P05 foreign",
        once_parsed("{'sample01': 1}[document.get('app_id', 'sample01')]"),
        schemes=frozenset({"webhook"}),
    ),
    Defect(
        "wants a workspace",
        "P05 absent",
        once_parsed("assert 'app_id' in document or 'links' not in document"),
        schemes=frozenset({"webhook"}),
    ),
)
