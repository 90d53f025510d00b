"""Collectors: they read the world and end in facts, one module a step."""
