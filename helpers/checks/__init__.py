"""Checks: pure functions from facts to outcomes, one module a step."""
