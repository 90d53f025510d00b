"""A shell line that repeats a request. It names the secret's variable, never its value."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from helpers.webhooks.framing import Framing
from helpers.webhooks.request_builder import (
    SAMPLE_APP,
    USER_AGENT,
    ReceiverRequest,
    RequestBuilder,
    Route,
)
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import secret_variable

if TYPE_CHECKING:
    from helpers.webhooks.battery import BatteryRun

__all__ = ["curl_line", "repeat_line"]

_LONGEST: Final = 1_500  # bytes of a body that still fit in a readable line
_SIGN: Final = (
    "sig=$(printf %s {body} | python3 -c 'import hmac,os,sys; "
    'print(hmac.new(os.environb[b"{variable}"],sys.stdin.buffer.read(),"{algorithm}").hexdigest())'
    "'); "
)


def curl_line(
    request: ReceiverRequest,
    *,
    case_id: str,
    variable: str,
    algorithm: str,
    options: tuple[str, ...] = (),
    header_names: tuple[str, ...] = (),
) -> str:
    """The line for bash: `URL` and, where a signature is needed, `variable` must be set.

    What a shell can't express, the battery sends itself, with these `options` of `webhook test`.
    The values of your own headers, which may be keys, must be in HEADER_1 and so on.
    """
    own = [f'"{name}: $HEADER_{number}"' for number, name in enumerate(header_names, 1)]
    if not _fits_curl(request):
        again = (*options, *(f"--header {header}" for header in own))
        return " ".join((f'./runbook webhook test "$URL" --case {case_id}', *again))
    mine = [f"-H {header}" for header in own]
    send = " ".join(("curl -sS -i", *_agent(request), *mine, *_options(request), _url(request)))
    assign = f"body={_quote(request.body)}; " if request.body else ""
    return assign + _sign(request, variable, algorithm) + send


def _sign(request: ReceiverRequest, variable: str, algorithm: str) -> str:
    signature = next(
        (signature for signature in request.all_signatures if "$" in signature.shell), None
    )
    if signature is None:
        return ""
    body = (
        '"$body"' if signature.over == request.body and signature.over else _quote(signature.over)
    )
    return _SIGN.format(body=body, variable=signature.variable or variable, algorithm=algorithm)


def _fits_curl(request: ReceiverRequest) -> bool:
    alone = request.times == 1 and not request.at_once
    plain = alone and request.framing in {Framing.LENGTH, Framing.CHUNKED}
    bodies = (request.body, *(signature.over for signature in request.all_signatures))
    short = all(len(body) <= _LONGEST and b"\0" not in body for body in bodies)
    signatures = all(
        signature.shell.isascii() and len(signature.shell) <= _LONGEST
        for signature in request.signatures
    )
    return (
        plain
        and short
        and signatures
        and request.before is None
        and request.route is Route.SAME
        and not request.beside
        and not (request.method == "HEAD" and request.body)  # curl would wait for a body
        and all(m.shell or not m.value for m in request.signatures)
    )


def repeat_line(
    case_id: str, request: ReceiverRequest, run: BatteryRun, builder: RequestBuilder
) -> str:
    """The line that repeats a request of this run."""
    return curl_line(
        request,
        case_id=case_id,
        variable=builder.variable or secret_variable(builder.scheme.name),
        algorithm=builder.scheme.algorithm,
        options=_command_options(run, builder),
        header_names=run.header_names,
    )


def _command_options(run: BatteryRun, builder: RequestBuilder) -> tuple[str, ...]:
    """The options that make `webhook test` send to this receiver with this scheme again."""
    scheme, previous = builder.scheme.name, builder.previous
    return (
        *((f"--profile {shlex.quote(run.profile)}",) if run.profile else ()),
        *(() if builder.scheme is WEBHOOK else (f"--scheme {scheme}",)),
        *((f"--secret-variable {builder.variable}",) if builder.variable else ()),
        *((f"--previous-secret-variable {previous.variable}",) if previous else ()),
        *(("--revoked",) if previous and previous.revoked else ()),
        *(() if builder.app_id == SAMPLE_APP else (f"--app-id {shlex.quote(builder.app_id)}",)),
        *(() if run.receiver.loopback else ("--consent", "--heavy")),
    )


def _agent(request: ReceiverRequest) -> list[str]:
    """The battery's own User-Agent, unless the request has another one."""
    named = any(name.lower() == "user-agent" for name, _ in request.extra)
    return [] if named else [f"-A {USER_AGENT}"]


def _options(request: ReceiverRequest) -> list[str]:
    if request.method == "HEAD":
        return ["--head"]
    options = [f"-X {request.method}"]
    options += [_signature_option(request, signature.shell) for signature in request.signatures]
    kind = f"Content-Type: {request.content_type}" if request.content_type else "Content-Type:"
    options.append(f"-H {shlex.quote(kind)}")
    options += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.extra]
    options += [f'--url-query "{name}={signature.shell}"' for name, signature in request.query]
    if request.framing is Framing.CHUNKED:
        options.append("-H 'Transfer-Encoding: chunked'")
    if request.body:
        options.append('--data-binary "$body"')
    return options


def _signature_option(request: ReceiverRequest, shell: str) -> str:
    if not shell:
        return f"-H '{request.header};'"  # curl's way to send an empty header
    if "$" in shell:
        return f'-H "{request.header}: {shell}"'
    return f"-H {shlex.quote(f'{request.header}: {shell}')}"


def _url(request: ReceiverRequest) -> str:
    return '"${URL/https:/http:}"' if request.plain_http else '"$URL"'


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
