"""The client's catalog and the sandbox's own table were read from the same pages."""

from __future__ import annotations

import re

import pytest

from helpers.intercom.scopes import catalog, endpoints
from helpers.sandbox.scopes import SCOPES


@pytest.mark.parametrize("scope", SCOPES)
def test_both_tables_name_the_same_guards(scope: str) -> None:
    assert scope in catalog()
    routes = {re.sub(r"\{\w+\}", "{id}", route) for route in SCOPES[scope]}
    assert {endpoints()[route].scope for route in routes} <= {scope}


def test_no_endpoint_has_two_guards_and_each_says_where_it_is_from() -> None:
    routes = [route for scope in catalog().values() for route in scope.routes]
    assert len(routes) == len(set(routes))
    for scope in catalog().values():
        assert scope.source
        assert scope.reach
        assert {scope.key_is, scope.routes_are} <= {"printed", "built", "documented", "inferred"}
