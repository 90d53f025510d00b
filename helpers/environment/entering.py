"""What a person types when a workspace is set up: checked at once, value by value.

A message names the form that is expected, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from helpers.core.errors import ConfigurationError
from helpers.core.settings import VARIABLES, Variable
from helpers.environment.collect import shape_of
from helpers.environment.records import Shape
from helpers.intercom.regions import checked_url, region_named

__all__ = ["NEEDED", "asked_variables", "problem_with"]

NEEDED: Final = ("INTERCOM_ACCESS_TOKEN", "INTERCOM_REGION", "INTERCOM_APP_ID")
_WRONG: Final[Mapping[Shape, str]] = {
    Shape.PLACEHOLDER: "That is a placeholder, not a key.",
    Shape.FOREIGN: "That is the key of another service.",
    Shape.GUESSABLE: "That is too short, or a word: no key of Intercom.",
}
_APP_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def asked_variables(*, every: bool) -> tuple[Variable, ...]:
    """The variables to ask for: those that an audit needs, or every one."""
    return tuple(one for one in VARIABLES if every or one.name in NEEDED)


def problem_with(variable: Variable, value: str) -> str:
    """What is wrong with a value, with the form that is expected; empty if nothing is."""
    if variable.secret:
        return _secret_problem(variable, value)
    return _CHECKS.get(variable.name, _nothing)(value)


def _secret_problem(variable: Variable, value: str) -> str:
    shape = shape_of(variable.kind, value)
    if shape is Shape.WELL_FORMED:
        return ""
    if shape is Shape.MALFORMED and variable.kind == "access_token":
        return "That is no access token: Intercom shows 60 letters and digits that begin with dG9r."
    return _WRONG.get(shape, "That is no secret of Intercom: copy it whole, without spaces.")


def _region_problem(value: str) -> str:
    try:
        region_named(value)
    except ConfigurationError as error:
        return error.advice.replace("Set it to", "Type")
    return ""


def _host_problem(value: str) -> str:
    try:
        checked_url(value)
    except ConfigurationError as error:
        return f"{error.message} Type an address such as https://proxy.example.com."
    return ""


def _address_problem(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("https", "http") and parts.hostname and not parts.username
    except ValueError:
        good = False
    return "" if good else "Type an address such as https://example.com/webhooks/intercom."


def _app_id_problem(value: str) -> str:
    return "" if _APP_ID.fullmatch(value) else "Type the id of the workspace, such as ab12cd34."


def _nothing(_value: str) -> str:
    return ""


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "INTERCOM_REGION": _region_problem,
    "INTERCOM_APP_ID": _app_id_problem,
    "INTERCOM_BASE_URL": _host_problem,
    "INTERCOM_WEBHOOK_URL": _address_problem,
}
