"""Workflows: what crosses rooms, an audit as a whole and an incident."""
