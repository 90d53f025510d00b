"""Data connectors: calls that workflows and Fin make to other systems."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from helpers.sandbox.api import SandboxCall, endpoint
from helpers.sandbox.listing import by_cursor, cursor_alone
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["new_connector", "record_execution"]

_METHODS: Final = ("get", "post", "put", "delete", "patch")
_AUDIENCES: Final = {"leads", "users", "visitors"}
# the fields that a list shows; the rest is in the single view
_LISTED: Final = (
    *("type", "id", "name", "description", "state", "http_method", "direct_fin_usage"),
    *("created_by_admin_id", "updated_by_admin_id", "created_at", "updated_at"),
    "execution_results_url",
)
_SETTABLE: Final = (
    *("name", "description", "url", "body", "http_method", "direct_fin_usage", "audiences"),
    *("headers", "data_inputs", "response_fields", "object_mappings", "token_ids", "state"),
    *("customer_authentication", "bypass_authentication", "validate_missing_attributes"),
)


def new_connector(workspace: SandboxWorkspace, given: JsonObject, *, by: str) -> JsonObject:
    """Create a connector."""
    id_ = str(workspace.next_number("connector", 12_345))
    time = _iso(workspace.now)
    connector: JsonObject = {
        "type": "data_connector",
        "id": id_,
        "name": "",
        "description": None,
        "state": "draft",
        "url": None,
        "body": "",
        "headers": [],
        "http_method": "get",
        "direct_fin_usage": False,
        "audiences": ["users"],
        "execution_type": "server_side",
        "configuration_response_type": "test_response_type",
        "data_transformation_type": None,
        "client_function_name": None,
        "client_function_timeout_ms": None,
        "data_inputs": [],
        "response_fields": [],
        "object_mappings": [],
        "token_ids": [],
        "customer_authentication": False,
        "bypass_authentication": False,
        "validate_missing_attributes": False,
        "created_by_admin_id": by,
        "updated_by_admin_id": by,
        "created_at": time,
        "updated_at": time,
        "execution_results_url": f"/data_connectors/{id_}/execution_results",
    }
    _fill(connector, given)
    workspace.collection("data_connectors")[id_] = connector
    return connector


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fill(connector: JsonObject, given: JsonObject) -> None:
    connector |= {key: given[key] for key in _SETTABLE if key in given}
    # header values are never shown again
    names = [header["name"] for header in connector["headers"]]
    connector["headers"] = [{"name": name, "value": "****"} for name in names]


def _find(call: SandboxCall) -> JsonObject:
    found = call.workspace.collection("data_connectors").get(call.path["id"])
    if found is None:
        raise Refusal(404, "data_connector_not_found", "Data connector not found")
    return found


def record_execution(
    workspace: SandboxWorkspace, connector: JsonObject, *, error: str = ""
) -> None:
    """Record that a connector was called now; `error` is one of Intercom's types."""
    id_ = str(workspace.next_number("execution", 99_000))
    workspace.collection(f"executions of {connector['id']}")[id_] = {
        "type": "data_connector.execution",
        "id": id_,
        "data_connector_id": connector["id"],
        "success": not error,
        "http_status": None if error else 200,
        "http_method": connector["http_method"],
        "error_type": error or None,
        "error_message": "Connection refused" if error else None,
        "execution_time_ms": 150,
        "source_type": "workflow",
        "source_id": "5001",
        "conversation_id": None,
        "created_at": _iso(workspace.now),
        "request_url": connector["url"],
        "request_body": "",
        "response_body": "" if error else "{}",
        "raw_response_body": "" if error else "{}",
    }


@endpoint("GET", "/data_connectors")
def list_connectors(call: SandboxCall) -> SandboxResponse:
    """A page of connectors, with the listed fields only."""
    connectors = list(call.workspace.collection("data_connectors").values())
    page, pages = by_cursor(call, connectors)
    short = [{key: connector[key] for key in _LISTED} for connector in page]
    return SandboxResponse({"type": "list", "data": short, "pages": cursor_alone(pages)})


@endpoint("GET", "/data_connectors/{id}", lookup=_find)
def show_connector(call: SandboxCall) -> SandboxResponse:
    """One connector: its address, headers without values, and how it authenticates."""
    return SandboxResponse(call.found)


_BODIES: Final = ("request_body", "response_body", "raw_response_body")
_HOUR: Final = 3600
_ERRORS: Final = """
    request_configuration_error faraday_error 3rd_party_error response_mapping_error
    token_refresh_error fin_action_response_formatting_error
    fin_action_identity_verification_error email_verification_error
    non_fin_standalone_action_identity_verification_error request_validation_error
    client_side_action_error
""".split()  # noqa: SIM905 - eleven quoted lines are harder to read


@endpoint("GET", "/data_connectors/{id}/execution_results", lookup=_find)
def list_executions(call: SandboxCall) -> SandboxResponse:
    """A page of calls that a connector made, the newest first: of the last hour by default."""
    kind = call.query.get("error_type")
    if kind and kind not in _ERRORS:
        message = f"Invalid error_type. Must be one of: {', '.join(_ERRORS)}"
        raise Refusal(400, "parameter_invalid", message)
    end = call.integer("end_ts", call.workspace.now)
    start = call.integer("start_ts", end - _HOUR)
    success = call.query.get("success")
    rows = [
        row
        for row in reversed(call.workspace.collection(f"executions of {call.found['id']}").values())
        if _iso(start) <= row["created_at"] <= _iso(end)
        and (not kind or row["error_type"] == kind)
        and (success not in ("true", "false") or row["success"] is (success == "true"))
    ]
    page, pages = by_cursor(call, rows, size=10, most=30)
    if call.query.get("include_bodies") != "true":
        page = [{k: v for k, v in row.items() if k not in _BODIES} for row in page]
    return SandboxResponse({"type": "list", "data": page, "pages": cursor_alone(pages)})


def _find_execution(call: SandboxCall) -> JsonObject:
    own = call.workspace.collection(f"executions of {call.path['data_connector_id']}")
    if call.path["id"] not in own:
        raise Refusal(404, "data_connector_not_found", "Data connector not found")
    return own[call.path["id"]]


@endpoint(
    "GET", "/data_connectors/{data_connector_id}/execution_results/{id}", lookup=_find_execution
)
def show_execution(call: SandboxCall) -> SandboxResponse:
    """One call that a connector made, with its bodies."""
    return SandboxResponse(call.found)


@endpoint("POST", "/data_connectors")
def create_connector(call: SandboxCall) -> SandboxResponse:
    """A new connector, as a draft."""
    given = call.object
    if not given.get("name"):
        raise Refusal(422, "parameter_not_found", "Name is required")
    _check(given)
    draft = {key: value for key, value in given.items() if key != "state"}
    return SandboxResponse(new_connector(call.workspace, draft, by=call.actor["id"]), 201)


@endpoint("PATCH", "/data_connectors/{id}", lookup=_find)
def update_connector(call: SandboxCall) -> SandboxResponse:
    """Change a connector."""
    _check(call.object)
    _fill(call.found, call.object)
    call.found["updated_by_admin_id"] = call.actor["id"]
    return SandboxResponse(call.found)


@endpoint("DELETE", "/data_connectors/{id}", lookup=_find)
def delete_connector(call: SandboxCall) -> SandboxResponse:
    """Delete a draft connector."""
    if call.found["state"] != "draft":
        raise Refusal(409, "conflict", "Data connector must be in draft state to be deleted")
    del call.workspace.collection("data_connectors")[call.found["id"]]
    return SandboxResponse({"id": call.found["id"], "object": "data_connector", "deleted": True})


def _check(given: JsonObject) -> None:
    if not set(given.get("audiences") or ()) <= _AUDIENCES:
        message = "Invalid audiences. Must be a subset of: leads, users, visitors"
        raise Refusal(422, "parameter_invalid", message)
    if given.get("http_method", "get") not in _METHODS:
        raise Refusal(422, "parameter_invalid", "Http Method isn't an option")
    if given.get("state", "draft") not in ("draft", "live"):
        message = "Invalid state. Must be one of: draft, live"
        raise Refusal(422, "parameter_invalid", message)
