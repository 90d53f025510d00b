"""The IP allowlist, and the Messenger's identity secrets."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from helpers.sandbox import tokens
from helpers.sandbox.api import SandboxCall, endpoint
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["new_identity_secret"]

_PLATFORMS: Final = ("supports_android", "supports_ios", "supports_web")


@endpoint("GET", "/ip_allowlist", since="2.14", preview=False)
def show_allowlist(call: SandboxCall) -> SandboxResponse:
    """Whether it is on, and its addresses and ranges."""
    return SandboxResponse(call.workspace.allowlist)


@endpoint("PUT", "/ip_allowlist", since="2.14", preview=False)
def set_allowlist(call: SandboxCall) -> SandboxResponse:
    """Change it, unless the change would lock the caller out."""
    given = call.object
    wanted = call.workspace.allowlist | given
    enabled, entries = bool(wanted["enabled"]), wanted["ip_allowlist"]
    _check(entries)
    if enabled and entries and not call.from_network(entries):
        raise Refusal(
            422,
            "parameter_invalid",
            f"Your IP ({call.client_ip}) is not on the allowlist. "
            "Saving would lock you out of this workspace.",
        )
    call.workspace.allowlist |= {"enabled": enabled, "ip_allowlist": list(entries)}
    call.workspace.record(
        "security_settings_change",
        f"{call.actor['name']} changed the IP allowlist.",
        by=call.actor,
    )
    return SandboxResponse(call.workspace.allowlist)


def _check(entries: Any) -> None:
    try:
        for entry in entries:
            ipaddress.IPv4Network(entry, strict=False)
    except (ValueError, TypeError):
        message = "ip_allowlist must hold IPv4 addresses or ranges"
        raise Refusal(422, "parameter_invalid", message, field="ip_allowlist") from None


def new_identity_secret(
    workspace: SandboxWorkspace, given: JsonObject, value: str = ""
) -> JsonObject:
    """Create an identity secret; only this response shows its value."""
    id_ = str(workspace.next_number("identity secret", 102))
    secret: JsonObject = {
        "type": "identity_verification_secret",
        "id": id_,
        "name": given["name"],
        "created_at": workspace.now,
    }
    secret |= {name: bool(given.get(name, False)) for name in _PLATFORMS}
    value = value or tokens.identity_secret(f"{workspace.seed}/issued/{id_}")
    workspace.collection("identity secrets")[id_] = secret
    workspace.collection("identity values")[id_] = {"secret": value}
    return secret | {"secret": value}


@endpoint("GET", "/secure_mode_secrets", numbered=False)
def list_identity_secrets(call: SandboxCall) -> SandboxResponse:
    """Names and dates; never a value."""
    secrets = list(call.workspace.collection("identity secrets").values())
    return SandboxResponse({"type": "list", "data": secrets})


@endpoint("POST", "/secure_mode_secrets", numbered=False)
def create_identity_secret(call: SandboxCall) -> SandboxResponse:
    """A new secret in addition to the old ones; its value is shown once."""
    given = call.object
    if not isinstance(given.get("name"), str) or not given["name"]:
        raise Refusal(422, "parameter_invalid", "name is required")
    created = new_identity_secret(call.workspace, given)
    _log(call, "messenger_api_secret_creation", f"created the Messenger API secret {given['name']}")
    return SandboxResponse(created, 201)


def _find(call: SandboxCall) -> JsonObject:
    found = call.workspace.collection("identity secrets").get(call.path["id"])
    if found is None:
        message = "Identity verification secret not found"
        raise Refusal(404, "identity_verification_secret_not_found", message)
    return found


@endpoint("DELETE", "/secure_mode_secrets/{id}", lookup=_find, numbered=False)
def delete_identity_secret(call: SandboxCall) -> SandboxResponse:
    """Delete a secret; until then it stays valid along with the others."""
    del call.workspace.collection("identity secrets")[call.found["id"]]
    del call.workspace.collection("identity values")[call.found["id"]]
    name = call.found["name"]
    _log(call, "messenger_api_secret_deletion", f"deleted the Messenger API secret {name}")
    return SandboxResponse(status=204)


def _log(call: SandboxCall, kind: str, what: str) -> None:
    call.workspace.record(kind, f"{call.actor['name']} {what}.", by=call.actor)
