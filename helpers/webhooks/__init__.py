"""Webhook verification: verifiers to copy, and the battery that tries a receiver."""
