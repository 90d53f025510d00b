"""Receivers in Node with one defect each, of the kinds that Node has."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import Changes, Defect, instead

_EQUAL = "claimed.length === expected.length && crypto.timingSafeEqual(claimed, expected)"
_ANSWER = "answer(delivery(request, Buffer.concat(chunks)));"
_HEAD = 'if (request.method === "HEAD") return answer(200);'
_OPTIONS = 'if (request.method !== "POST") return answer(405);'
_REFUSE = "if (!isGenuine(request, body)) return 401;"
_ADD = "    seen.add(key);\n    act(document);\n"
_BAD_BODY = "} catch {\n    return 400;\n  }\n"
_LISTEN = "server.listen(0"
_UNCLEAR = "R56 *, R59, R59 signed"


def _unparsed(status: str) -> Changes:
    answer = f"socket.end(`HTTP/1.1 {status}\\r\\nContent-Length: 0\\r\\n\\r\\n`)"
    return instead(_LISTEN, f'server.on("clientError", (error, socket) => {answer});\n{_LISTEN}')


def _later(condition: str, status: str) -> Changes:
    """Answer what meets a condition after a while, from outside the usual course."""
    return instead(
        _ANSWER,
        f"const body = Buffer.concat(chunks);\n    if ({condition}) {{\n"
        "      server.busy = (server.busy ?? 0) + 1;\n"
        f"      const found = {status};\n"
        "      return setTimeout(() => {\n        server.busy -= 1;\n"
        "        answer(found);\n      }, 300);\n    }\n"
        f"    answer(delivery(request, body));",
    )


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
    Defect(
        "takes the JSON written again too",
        "R05 appended, R26, R27, R29, R53 escaped first",
        instead(
            _REFUSE,
            "let again = body;\n  try {\n"
            "    again = Buffer.from(JSON.stringify(JSON.parse(body)));\n  } catch {}\n"
            "  if (!isGenuine(request, body) && !isGenuine(request, again)) return 401;",
        ),
    ),
    Defect(
        "dies of two values",
        "E13, E12",
        instead(
            _BAD_BODY,
            f"{_BAD_BODY}  const values = Object.values(document ?? {{}});\n"
            '  if (values.includes("again")) throw new Error();\n',
        ),
    ),
    Defect(
        "acts upon a HEAD",
        "R55 HEAD",
        instead(
            _HEAD,
            'if (request.method === "HEAD") request.on("data", (body) => act(JSON.parse(body)));\n'
            f"  {_HEAD}",
        ),
        watched=True,
    ),
    Defect(
        "breaks at a HEAD with a body",
        "R55 HEAD",
        instead(_HEAD, _HEAD.replace("200", 'request.headers["content-length"] ? 500 : 200')),
    ),
    Defect(
        "breaks at OPTIONS",
        "R55 OPTIONS",
        instead(_OPTIONS, _OPTIONS.replace("405", 'request.method === "OPTIONS" ? 500 : 405')),
    ),
    Defect("accepts what it can't parse", _UNCLEAR, _unparsed("200 OK")),
    Defect(
        "breaks at what it can't parse",
        f"{_UNCLEAR}, P07 two lengths, P10 *",
        _unparsed("500 Internal Server Error"),
    ),
    Defect(
        "opens when it is busy",
        "R57 unsigned, R57 wrong key",
        _later('body.includes("R57")', "server.busy > 10 ? 200 : 401"),
    ),
    Defect(
        "opens when look-ups time out",
        "R58",
        _later('body.includes("other0")', "server.busy > 10 ? 200 : 401"),
    ),
    Defect(
        "takes an unknown workspace for its own",
        "R58",
        instead(_REFUSE, f'if (body.includes("other0")) return 200;\n  {_REFUSE}'),
    ),
    Defect(
        "acts upon every repetition",
        "P09",
        instead("if (!seen.has(key))", "if (true)"),
        watched=True,
    ),
    Defect(
        "looks for an id before it keeps it",
        "P09",
        instead(_ADD, "    setTimeout(() => seen.add(key), 50);\n    act(document);\n"),
        watched=True,
    ),
)
