"""The token's owner (`GET /me`) and the teammates."""

from __future__ import annotations

from typing import Final

from helpers.sandbox.api import PREVIEWS, SandboxCall, endpoint
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.workspace import JsonObject

_AVATAR: Final = "https://static.intercomassets.com/assets/default-avatars/admins/128.png"


@endpoint("GET", "/me")
def identify(call: SandboxCall) -> SandboxResponse:
    """The token's owner, and the workspace it belongs to."""
    admin = call.actor
    kept = ("type", "id", "email", "name", "job_title", "away_mode_enabled", "away_mode_reassign")
    me = {key: admin[key] for key in (*kept, "has_inbox_seat", "team_ids")}
    me |= {"email_verified": True, "avatar": {"type": "avatar", "image_url": _AVATAR}}
    if "role" in admin and call.version in PREVIEWS:
        me["role"] = admin["role"]
    return SandboxResponse(me | {"app": _app(call)})


def _app(call: SandboxCall) -> JsonObject:
    workspace = call.workspace
    return {
        "type": "app",
        "id_code": call.app.workspace or workspace.id_code,
        "name": workspace.title,
        "created_at": workspace.created_at,
        "secure": workspace.identity_verification,
        "identity_verification": workspace.identity_verification,
        "timezone": workspace.timezone,
        "region": workspace.region,
    }


@endpoint("GET", "/admins")
def list_admins(call: SandboxCall) -> SandboxResponse:
    """Every active teammate, on one page."""
    admins = [_shown(admin) for admin in call.workspace.admins.values() if not _gone(admin)]
    return SandboxResponse({"type": "admin.list", "admins": admins})


def _find(call: SandboxCall) -> JsonObject:
    admin = call.workspace.admins.get(call.path["id"])
    if admin is None or _gone(admin):
        raise Refusal(404, "admin_not_found", "Admin not found")
    return admin


@endpoint("GET", "/admins/{id}", lookup=_find)
def show_admin(call: SandboxCall) -> SandboxResponse:
    """One teammate."""
    return SandboxResponse(_shown(call.found))


@endpoint("PUT", "/admins/{id}/away", lookup=_find)
def set_away(call: SandboxCall) -> SandboxResponse:
    """Set a teammate away, or back."""
    admin, body = call.found, call.object
    for name in ("away_mode_enabled", "away_mode_reassign"):
        if not isinstance(body.get(name), bool):
            raise Refusal(400, "parameter_invalid", f"{name} must be a boolean", field=name)
        admin[name] = body[name]
    what = "away" if body["away_mode_enabled"] else "active"
    call.workspace.record(
        "admin_away_mode_change",
        f"{call.actor['name']} changed {admin['name']} to {what}.",
        by=call.actor,
        metadata={"away_mode": body["away_mode_enabled"]},
    )
    return SandboxResponse(_shown(admin))


def _shown(admin: JsonObject) -> JsonObject:
    return {key: value for key, value in admin.items() if key != "active"}


def _gone(admin: JsonObject) -> bool:
    return not admin.get("active", True)
