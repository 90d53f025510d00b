"""A shell line that sends a request again. The secret is a variable's name in it, never a value."""

from __future__ import annotations

import shlex
from typing import Final

from helpers.webhooks.request_builder import Framing, Probe

__all__ = ["curl_line"]

_LONGEST: Final = 1_500  # bytes of a body that still make a readable line
_SIGN: Final = (
    "sig=$(printf %s {body} | python3 -c 'import hmac,os,sys; "
    'print(hmac.new(os.environb[b"{variable}"],sys.stdin.buffer.read(),"{algorithm}").hexdigest())'
    "'); "
)


def curl_line(
    probe: Probe, *, case_id: str, variable: str, algorithm: str, options: tuple[str, ...] = ()
) -> str:
    """The line for bash: `URL` and, where a signature is needed, `variable` must be set.

    What a shell can't say is sent by the battery itself, with these `options` of `webhook test`.
    """
    if not _sayable(probe):
        return " ".join((f'./runbook webhook test "$URL" --case {case_id}', *options))
    send = " ".join(("curl -sS -i", *_options(probe), _url(probe)))
    assign = f"body={_quote(probe.body)}; " if probe.body else ""
    return assign + _sign(probe, variable, algorithm) + send


def _sign(probe: Probe, variable: str, algorithm: str) -> str:
    mark = next((mark for mark in probe.all_marks if "$" in mark.shell), None)
    if mark is None:
        return ""
    body = '"$body"' if mark.over == probe.body and mark.over else _quote(mark.over)
    return _SIGN.format(body=body, variable=mark.variable or variable, algorithm=algorithm)


def _sayable(probe: Probe) -> bool:
    plain = probe.framing in {Framing.LENGTH, Framing.CHUNKED} and probe.times == 1
    bodies = (probe.body, *(mark.over for mark in probe.all_marks))
    short = all(len(body) <= _LONGEST and b"\0" not in body for body in bodies)
    marks = all(mark.shell.isascii() and len(mark.shell) <= _LONGEST for mark in probe.marks)
    return plain and short and marks and all(m.shell or not m.value for m in probe.marks)


def _options(probe: Probe) -> list[str]:
    if probe.method == "HEAD":
        return ["--head"]
    options = [f"-X {probe.method}"]
    options += [_mark(probe, mark.shell) for mark in probe.marks]
    kind = f"Content-Type: {probe.content_type}" if probe.content_type else "Content-Type:"
    options.append(f"-H {shlex.quote(kind)}")
    options += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in probe.extra]
    options += [f'--url-query "{name}={mark.shell}"' for name, mark in probe.query]
    if probe.framing is Framing.CHUNKED:
        options.append("-H 'Transfer-Encoding: chunked'")
    if probe.body:
        options.append('--data-binary "$body"')
    return options


def _mark(probe: Probe, shell: str) -> str:
    if not shell:
        return f"-H '{probe.header};'"  # curl's way to send an empty header
    if "$" in shell:
        return f'-H "{probe.header}: {shell}"'
    return f"-H {shlex.quote(f'{probe.header}: {shell}')}"


def _url(probe: Probe) -> str:
    return '"${URL/https:/http:}"' if probe.plain_http else '"$URL"'


def _quote(body: bytes) -> str:
    """The bytes as bash writes them: plain quotes where they do, `$'…'` otherwise."""
    text = body.decode("latin-1")
    if body.isascii() and text.isprintable():
        return shlex.quote(text)
    escaped = "".join(_escape(byte) for byte in body)
    return f"$'{escaped}'"


def _escape(byte: int) -> str:
    character = chr(byte)
    if character in "\\'":
        return "\\" + character
    return character if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"  # noqa: PLR2004 (ASCII)
