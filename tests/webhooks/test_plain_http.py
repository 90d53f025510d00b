"""An https receiver that answers plain HTTP too is told; one that does not is left alone."""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from helpers.webhooks import wire
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import CaseOutcome, CaseResult
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.mutants.host import Server, serve

SECRET = secrets.token_hex(20)
TLS_HANDSHAKE = b"\x16"


class TlsOnly(Server):
    """Speaks TLS, and closes where a caller does not."""

    context: ssl.SSLContext
    plain_http = False

    def finish_request(self, request: Any, client_address: Any) -> None:
        if request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
            with self.context.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)
        elif self.plain_http:
            super().finish_request(request, client_address)


class TlsOrPlain(TlsOnly):
    """Answers both on one port, as some proxies do."""

    plain_http = True


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    path.write_bytes(private + signed.public_bytes(encoding))
    return path


def plain_http(
    kind: type[TlsOnly], certificate: Path, patch: pytest.MonkeyPatch, trusted: ssl.SSLContext
) -> CaseResult:
    kind.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    kind.context.load_cert_chain(certificate)
    patch.setattr(wire, "_tls", lambda: trusted)
    with serve({}, WEBHOOK, SECRET, kind) as (url, _):
        target = parse_target(url.replace("http:", "https:"))
        builder = RequestBuilder(WEBHOOK, SECRET.encode())
        result = run_battery(target, builder, BatteryOptions(cases=("P08",), recovery=0.1))
    return result.case("P08")


@pytest.mark.parametrize(
    ("kind", "outcome"), [(TlsOnly, CaseOutcome.PASS), (TlsOrPlain, CaseOutcome.FAIL)]
)
def test_plain_http_is_found_where_it_is_answered(
    kind: type[TlsOnly], outcome: CaseOutcome, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    trusting = ssl.create_default_context(cafile=str(certificate))
    assert plain_http(kind, certificate, monkeypatch, trusting).outcome is outcome


def test_a_certificate_that_nobody_signed_leaves_nothing_judged(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    doubting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert (
        plain_http(TlsOnly, certificate, monkeypatch, doubting).outcome is CaseOutcome.INCONCLUSIVE
    )
