"""The API, one module a subject. Importing the package registers every endpoint."""

from helpers.sandbox.endpoints import activity, admins

__all__ = ["activity", "admins"]
