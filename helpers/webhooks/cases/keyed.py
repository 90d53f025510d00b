"""R12 to R18: signatures made with another key, another hash, or with no key at all."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE, CWE347
from helpers.webhooks.forge import Forge
from helpers.webhooks.probes import Probe
from helpers.webhooks.records import Expect

__all__ = ["KEYED"]

_HMAC: Final = "Use an HMAC with the client secret as its key."
_FIXED: Final = "Let the code fix the algorithm; the header has no say in it."

_refuse = partial(case, expect=Expect.REFUSE, consequence=ANYONE, references=(CWE347,))


@_refuse(
    id="R12",
    title="A hash without a key",
    severity=Severity.CRITICAL,
    why="A hash of the body is taken where an HMAC is meant.",
    fix=_HMAC,
)
def unkeyed(forge: Forge) -> tuple[Probe, ...]:
    """The plain hash of the body as its digest."""
    body = forge.body("R12")
    digest = hashlib.new(forge.scheme.algorithm, body).hexdigest()
    return (forge.forged("R12", forge.literal(forge.scheme.prefix + digest)),)


@_refuse(
    id="R13",
    title="A hash of secret and body",
    severity=Severity.MEDIUM,
    why="Secret and body are joined and hashed, which is no HMAC.",
    consequence="Hash functions of this kind can be extended by who has seen one signature.",
    fix=_HMAC,
)
def joined(forge: Forge) -> tuple[Probe, ...]:
    """The hash of secret and body joined, in both orders."""
    prefix, probes = forge.scheme.prefix, []
    for name, before in (("secret first", True), ("body first", False)):
        body = forge.body(f"R13 {name}")
        material = forge.key + body if before else body + forge.key
        value = prefix + hashlib.new(forge.scheme.algorithm, material).hexdigest()
        probes.append(forge.forged(f"R13 {name}", forge.bent(body, value, "")))
    return tuple(probes)


@_refuse(
    id="R14",
    title="Signed with an empty secret",
    severity=Severity.CRITICAL,
    why="The secret is not configured, and the receiver starts all the same.",
    fix="Let the receiver refuse to start without a secret.",
)
def empty_secret(forge: Forge) -> tuple[Probe, ...]:
    """An HMAC with an empty key."""
    return (forge.forged("R14", forge.keyed(forge.body("R14"), b"")),)


@_refuse(
    id="R15",
    title="Signed with a fallback secret",
    severity=Severity.CRITICAL,
    why="A default stands in the code, or the absence of a secret turned into text.",
    fix="Let the receiver refuse to start without a secret; take every default out.",
    references=("https://cwe.mitre.org/data/definitions/1392.html",),
)
def fallback_secret(forge: Forge) -> tuple[Probe, ...]:
    """HMACs with `undefined`, `null`, `None`, `secret` and `changeme` as the key."""
    keys = ("undefined", "null", "None", "secret", "changeme")
    return tuple(
        forge.forged(f"R15 {key}", forge.keyed(forge.body(f"R15 {key}"), key.encode()))
        for key in keys
    )


@_refuse(
    id="R16",
    title="Signed with the workspace id",
    severity=Severity.HIGH,
    why="The wrong variable was taken: the workspace id is public.",
    fix="Take the client secret from Developer Hub > Basic Information.",
)
def public_key(forge: Forge) -> tuple[Probe, ...]:
    """An HMAC with the app id (workspace id) as the key."""
    return (forge.forged("R16", forge.keyed(forge.body("R16"), forge.app_id.encode())),)


@_refuse(
    id="R17",
    title="The algorithm none",
    severity=Severity.CRITICAL,
    why="The header chooses the algorithm, and one of them is none.",
    fix=_FIXED,
)
def no_algorithm(forge: Forge) -> tuple[Probe, ...]:
    """`none`, `none=` and `none=` with the plain hash."""
    digest = hashlib.new(forge.scheme.algorithm, forge.body("R17 none with hash")).hexdigest()
    values = {"none": "none", "none empty": "none=", "none with hash": f"none={digest}"}
    return tuple(
        forge.forged(f"R17 {name}", forge.literal(value)) for name, value in values.items()
    )


@_refuse(
    id="R18",
    title="Another algorithm with the right secret",
    severity=Severity.MEDIUM,
    why="The header chooses the algorithm, down to the weakest on offer.",
    consequence="No forgery follows by itself; the sender chooses how strong the check is.",
    fix=_FIXED,
)
def other_algorithms(forge: Forge) -> tuple[Probe, ...]:
    """`md5=`, `sha1=`, `sha256=` and `sha512=` (those not the scheme's own), right secret."""
    probes = []
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        if algorithm == forge.scheme.algorithm:
            continue
        body = forge.body(f"R18 {algorithm}")
        prefix = f"{algorithm}=" if forge.scheme.prefix else ""
        value = prefix + forge.digest(body, algorithm=algorithm)
        probes.append(forge.forged(f"R18 {algorithm}", forge.bent(body, value, "")))
    return tuple(probes)


KEYED: Final = cases_of(globals())
