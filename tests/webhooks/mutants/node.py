"""Receivers in Node with one defect each, of the kind that only Node has."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import Defect, instead

_EQUAL = "claimed.length === expected.length && crypto.timingSafeEqual(claimed, expected)"
_ANSWER = "answer(delivery(request, Buffer.concat(chunks)));"
_HEX = 'Buffer.from(claims[0].replace("sha1=", ""), "hex")'

NODE = (
    # A comparison that throws ends the process, whichever of many requests it was.
    Defect(
        "compares what differs in length",
        "E12",
        instead(_EQUAL, "crypto.timingSafeEqual(claimed, expected)"),
    ),
    Defect(
        "decodes hex until it ends",
        "R11 zz, R11 equals, R11 semicolon",
        instead('Buffer.from(claims[0], "latin1")', _HEX)
        | instead('Buffer.from("sha1=" +', "Buffer.from(")
        | instead('digest("hex"));', 'digest("hex"), "hex");'),
    ),
    Defect(
        "collects text",
        "R29",
        instead("Buffer.concat(chunks)", "Buffer.from(Buffer.concat(chunks).toString())"),
    ),
    Defect(
        "works on after the answer",
        "E07 null, E12",
        instead(
            "if (document === null ||",
            "Promise.resolve().then(() => document.data.item);\n  if (false &&",
        ),
    ),
    Defect(
        "has undefined for a second secret",
        "R15 undefined",
        instead(
            _EQUAL,
            f'({_EQUAL}) || claims[0] === "sha1=" + '
            'crypto.createHmac("sha1", String(process.env.OLD_SECRET)).update(body).digest("hex")',
        ),
    ),
    Defect(
        "answers every verb",
        "R24 PUT, R24 PATCH, R24 DELETE",
        instead('request.method !== "POST"', 'request.method === "GET"')
        | instead(
            "if (!isGenuine(request, body))",
            'if (request.method === "POST" && !isGenuine(request, body))',
        ),
    ),
)
