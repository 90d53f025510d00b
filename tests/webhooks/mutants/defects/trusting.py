"""Receivers that trust where a request comes from, or read a body or a digest in part."""

# ruff: noqa: E501 (a condition of a receiver is one line of its source)

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import (
    Changes,
    Defect,
    compared,
    instead,
    on_arrival,
    once_parsed,
    with_claim,
    with_headers,
)

_WEBHOOK = frozenset({"webhook"})
_KEPT = instead("self.close_connection = True", "self.close_connection = False")
_ENCODING = 'self.headers.get("Content-Encoding")'
_SECOND = 'self.headers.get("X-Hub-Signature-256")'


_READ = "return self.rfile.read(size)"


def _unchecked(condition: str) -> Changes:
    return on_arrival(f"if {condition}:", "    return 200, 'thanks'")


def _header(name: str, values: str) -> Changes:
    return _unchecked(f"self.headers.get({name!r}, '') in {values}")


def _second(key: str, condition: str = "True") -> Changes:
    right = f"hmac.new({key}, body, 'sha256').hexdigest()"
    return with_headers(f"if {_SECOND} == 'sha256=' + {right} and {condition}:", "    return True")


TRUSTING = (
    Defect(
        "trusts its own machine",
        "R34 for loopback, R34 for loopback v6",
        _header("X-Forwarded-For", "('127.0.0.1', '::1')"),
    ),
    Defect(
        "trusts an address by IPv4",
        "R34 for loopback",
        _header("X-Forwarded-For", "('127.0.0.1',)"),
    ),
    Defect(
        "trusts an address by IPv6", "R34 for loopback v6", _header("X-Forwarded-For", "('::1',)")
    ),
    Defect(
        "trusts Intercom's address",
        "R21, R34 for Intercom",
        _header("X-Forwarded-For", "('34.231.68.152',)"),
    ),
    Defect(
        "trusts the standard header", "R34 forwarded", _unchecked("self.headers.get('Forwarded')")
    ),
    Defect("trusts a real address", "R34 real loopback", _header("X-Real-IP", "('127.0.0.1',)")),
    Defect(
        "trusts Intercom's real address",
        "R21, R34 real Intercom",
        _header("X-Real-IP", "('34.231.68.152',)"),
    ),
    Defect(
        "trusts a client's address", "R34 client", _unchecked("self.headers.get('True-Client-IP')")
    ),
    Defect(
        "checks one spelling of the path",
        "R35 *",
        _unchecked("self.path.partition('?')[0] != '/webhooks'"),
    ),
    Defect("checks no trailing slash", "R35 trailing slash", _unchecked("self.path.endswith('/')")),
    Defect(
        "checks no two slashes",
        "R35 two slashes",
        _unchecked("self.path.startswith('//') or '//' in self.requestline.split()[1]"),
    ),
    Defect("checks no capitals", "R35 capitals", _unchecked("'W' in self.path")),
    Defect("checks no parameters of a path", "R35 semicolon", _unchecked("';' in self.path")),
    Defect("checks no encoded path", "R35 encoded dot", _unchecked("'%2e' in self.path")),
    Defect(
        "answers a ping first",
        "R36 ping, R36 ping wrong key",
        _unchecked('b\'"topic":"ping"\' in body'),
        schemes=_WEBHOOK,
    ),
    Defect(
        "answers an unsigned ping",
        "R36 ping",
        _unchecked('b\'"topic":"ping"\' in body and not self.headers.get(HEADER)'),
        schemes=_WEBHOOK,
    ),
    Defect(
        "answers a ping signed somehow",
        "R36 ping wrong key",
        _unchecked('b\'"topic":"ping"\' in body and self.headers.get(HEADER)'),
        schemes=_WEBHOOK,
    ),
    Defect(
        "answers topics that it does not know",
        "R36 unknown",
        _unchecked("b'something.quite.new' in body"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "answers without a topic",
        "R36 null, R36 empty",
        _unchecked('b\'"topic":null\' in body or b\'"topic":""\' in body'),
        schemes=_WEBHOOK,
    ),
    Defect(
        "answers a topic of null",
        "R36 null",
        _unchecked("b'\"topic\":null' in body"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "answers an empty topic",
        "R36 empty",
        _unchecked('b\'"topic":""\' in body'),
        schemes=_WEBHOOK,
    ),
    Defect("checks nothing compressed", "R37 gzip, R37 deflate, R37 br", _unchecked(_ENCODING)),
    Defect("unpacks gzip elsewhere", "R37 gzip", _unchecked(f"{_ENCODING} == 'gzip'")),
    Defect("unpacks deflate elsewhere", "R37 deflate", _unchecked(f"{_ENCODING} == 'deflate'")),
    Defect("unpacks br elsewhere", "R37 br", _unchecked(f"{_ENCODING} == 'br'")),
    Defect(
        "checks no chunks",
        "R38, R38 wrong key",
        _unchecked(
            "self.headers.get('Transfer-Encoding') and not self.headers.get('Content-Length')"
        ),
    ),
    Defect(
        "checks no unsigned chunks",
        "R38",
        _unchecked("self.headers.get('Transfer-Encoding') and not self.headers.get(HEADER)"),
    ),
    Defect(
        "checks no signed chunks",
        "R38 wrong key",
        _unchecked("self.headers.get('Transfer-Encoding') and self.headers.get(HEADER)"),
    ),
    Defect(
        "checks no multipart form",
        "R39 field, R39 file",
        _unchecked("(self.headers.get('Content-Type') or '').startswith('multipart/')"),
    ),
    Defect("checks no file", "R39 file", _unchecked("b'filename=' in body")),
    Defect("checks no field", "R39 field", _unchecked("b'name=\"payload\"\\r' in body")),
    Defect(
        "checks workspaces that it knows",
        "R40 *",
        on_arrival(
            "if b'\"app_id\":\"sample01\"' not in body and b'\"topic\"' in body and b'\"R40' not in body and b'R40' in body:",
            "    return 200, 'thanks'",
        ),
        schemes=_WEBHOOK,
    ),
    Defect(
        "has no secret for others",
        "R40 foreign empty key",
        with_claim(
            "if b'other999' in body and claimed == ('sha1=' + hmac.new(b'', body, 'sha1').hexdigest()).encode():",
            "    return True",
        ),
        schemes=_WEBHOOK,
    ),
    Defect(
        "has no secret for nobody",
        "R40 absent empty key",
        with_claim(
            "if b'app_id' not in body and claimed == ('sha1=' + hmac.new(b'', body, 'sha1').hexdigest()).encode():",
            "    return True",
        ),
        schemes=_WEBHOOK,
    ),
    Defect(
        "checks no foreign workspace",
        "R40 foreign unsigned, R40 foreign empty key",
        _unchecked("b'R40_foreign' in body"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "checks nothing without a workspace",
        "R40 absent unsigned, R40 absent empty key",
        _unchecked("b'R40_absent' in body"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "knows an id",
        "R41, R41 signed",
        _unchecked("b'\"id\":\"notif_A01\"' in body and b'contact.deleted' in body"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "knows an unsigned id",
        "R41",
        _unchecked('b\'"id":"notif_A01"\' in body and not self.headers.get(HEADER)'),
        schemes=_WEBHOOK,
    ),
    Defect(
        "knows a signed id",
        "R41 signed",
        _unchecked("b'contact.deleted' in body and self.headers.get(HEADER)"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "trusts the connection of a genuine delivery",
        "R42, R43",
        _KEPT
        | with_claim("pass")
        | with_headers("if getattr(self, 'trusted', False):", "    return True")
        | once_parsed("self.trusted = True"),
    ),
    Defect(
        "checks the first request of a connection",
        "R42, R43",
        _KEPT
        | on_arrival(
            "self.count = getattr(self, 'count', 0) + 1",
            "if self.count > 1:",
            "    return 200, 'thanks'",
        ),
    ),
    Defect(
        "trusts health checks",
        "R52 kube-probe, R52 GoogleHC, R52 ELB-HealthChecker",
        _unchecked(
            "(self.headers.get('User-Agent') or '').startswith(('kube-probe', 'GoogleHC', 'ELB-'))"
        ),
    ),
    Defect(
        "trusts a tool",
        "R52 PostmanRuntime",
        _unchecked("'Postman' in (self.headers.get('User-Agent') or '')"),
    ),
    Defect(
        "trusts a local name",
        "R52 localhost, R52 loopback",
        _unchecked("self.headers.get('Host') in ('localhost', '127.0.0.1')"),
    ),
    Defect("trusts localhost", "R52 localhost", _header("Host", "('localhost',)")),
    Defect("trusts 127.0.0.1", "R52 loopback", _header("Host", "('127.0.0.1',)")),
    Defect(
        "trusts a forwarded host",
        "R52 forwarded host",
        _header("X-Forwarded-Host", "('localhost',)"),
    ),
    *(
        Defect(
            f"trusts {agent}",
            f"R52 {agent}",
            _unchecked(f"'{agent}' in (self.headers.get('User-Agent') or '')"),
        )
        for agent in ("kube-probe", "GoogleHC", "ELB-HealthChecker")
    ),
    Defect(
        "checks small bodies only",
        "R44 8 KiB *, R44 64 KiB *, E09, E09 wrong key",
        _unchecked("len(body) > 8_192"),
    ),
    Defect(
        "checks up to 64 KiB", "R44 64 KiB *, E09, E09 wrong key", _unchecked("len(body) > 65_536")
    ),
    Defect(
        "checks a part of 8 KiB",
        "R44 8 KiB first part",
        with_claim("if claimed == self.signature(body[:8_192]):", "    return True"),
    ),
    Defect(
        "checks a part of 64 KiB",
        "R44 64 KiB first part",
        with_claim("if claimed == self.signature(body[:65_536]):", "    return True"),
    ),
    Defect(
        "leaves a tail out of 8 KiB",
        "R44 8 KiB changed",
        with_claim(
            "if 8_192 < len(body) < 10_000 and claimed == self.signature(body[:-3] + b'x' + body[-2:]):",
            "    return True",
        ),
    ),
    Defect(
        "leaves a tail out of 64 KiB",
        "R44 64 KiB changed",
        with_claim(
            "if 65_536 < len(body) < 70_000 and claimed == self.signature(body[:-3] + b'x' + body[-2:]):",
            "    return True",
        ),
    ),
    Defect(
        "checks up to 1 MiB",
        "R45 *",
        _unchecked("len(body) > 1_048_576") | instead("LARGEST = 1_000_000", "LARGEST = 2_000_000"),
    ),
    Defect(
        "checks a part of 1 MiB",
        "R45 1 MiB first part",
        with_claim("if claimed == self.signature(body[:1_048_576]):", "    return True")
        | instead("LARGEST = 1_000_000", "LARGEST = 2_000_000"),
    ),
    Defect(
        "leaves a tail out of 1 MiB",
        "R45 1 MiB changed",
        with_claim(
            "if len(body) > 1_048_576 and claimed == self.signature(body[:-3] + b'x' + body[-2:]):",
            "    return True",
        )
        | instead("LARGEST = 1_000_000", "LARGEST = 2_000_000"),
    ),
    Defect(
        "opens where it can't decode",
        "R29, R37 *, R46, R46 wrong key, R47",
        on_arrival("try:", "    body.decode()", "except ValueError:", "    return 200, 'thanks'"),
    ),
    Defect(
        "opens at bad bytes, unsigned",
        "R46",
        _unchecked("b'\\xff\\xc3' in body and not self.headers.get(HEADER)"),
    ),
    Defect(
        "opens at bad bytes, signed",
        "R46 wrong key",
        _unchecked(
            "b'\\xff\\xc3' in body and b'\"R46' not in body and b'R46' in body and self.headers.get(HEADER)"
        ),
    ),
    Defect(
        "ignores bad bytes", "R47", instead(_READ, f"{_READ}.decode('utf-8', 'ignore').encode()")
    ),
    Defect(
        "drops a byte",
        "R47",
        instead(_READ, _READ + ".replace(b'\\xff', b'')"),
    ),
    Defect(
        "has an empty second secret for SHA-256",
        "R48 empty key *",
        _second("b''"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "has an empty one where none was sent",
        "R48 empty key missing",
        _second("b''", "not self.headers.get(HEADER)"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "has an empty one in the end",
        "R48 empty key wrong",
        _second("b''", "self.headers.get(HEADER)"),
        schemes=_WEBHOOK,
    ),
    *(
        Defect(
            f"hashes for SHA-256 {name}",
            f"R48 plain hash {name or '*'}".strip(),
            with_headers(
                f"if {_SECOND} == 'sha256=' + hashlib.sha256(body).hexdigest() and {condition}:",
                "    return True",
            ),
            schemes=_WEBHOOK,
        )
        for name, condition in (
            ("", "True"),
            ("missing", "not self.headers.get(HEADER)"),
            ("wrong", "self.headers.get(HEADER)"),
        )
    ),
    Defect(
        "takes GitHub's second header",
        "R49 missing, R49 wrong",
        _second("SECRET"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "takes it where none was sent",
        "R49 missing",
        _second("SECRET", "not self.headers.get(HEADER)"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "takes it in the end",
        "R49 wrong",
        _second("SECRET", "self.headers.get(HEADER)"),
        schemes=_WEBHOOK,
    ),
    Defect(
        "compares the end",
        "R50 text, R50 digits",
        compared(
            "claimed.endswith(expected.removeprefix(PREFIX.encode())) and len(claimed) > len(expected) or claimed == expected"
        ),
        schemes=frozenset({"webhook", "fin_agent"}),
    ),
    Defect(
        "finds it in a text",
        "R50 text",
        compared("claimed.startswith(b'zz') and claimed.endswith(expected) or claimed == expected"),
    ),
    Defect(
        "finds it behind digits",
        "R50 digits",
        compared(
            "claimed == expected or claimed.startswith(PREFIX.encode() + b'00') and claimed.endswith(expected.removeprefix(PREFIX.encode()))"
        ),
    ),
    Defect(
        "finds a part",
        "R51 middle, R51 end",
        compared("claimed == expected or len(claimed) == 8 and claimed in expected"),
    ),
    Defect(
        "compares the last digits",
        "R51 end",
        compared("claimed == expected or len(claimed) == 8 and expected.endswith(claimed)"),
    ),
    Defect(
        "compares digits in the middle",
        "R51 middle",
        compared("claimed == expected or len(claimed) == 8 and claimed in expected[:-8]"),
    ),
    Defect(
        "gives up on a slow body",
        "R54, R54 wrong key",
        instead("return self.rfile.read(size)", "return self.patient(size)")
        | instead(
            "    def read_chunks(self)",
            "    def patient(self, size: int) -> bytes:\n"
            "        body = self.rfile.read(size)\n"
            "        if b'R54' in body:  # a clock would make it depend on the machine\n"
            "            raise RefusedError(200, 'later')\n"
            "        return body\n\n"
            "    def read_chunks(self)",
        ),
    ),
    Defect(
        "checks no slow body, unsigned",
        "R54",
        _unchecked("b'_R54\"' in body and not self.headers.get(HEADER)"),
    ),
    Defect("checks no slow body, signed", "R54 wrong key", _unchecked("b'R54_wrong_key' in body")),
)
