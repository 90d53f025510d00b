"""What the tests of the environment share: a workspace of the sandbox."""

from __future__ import annotations

from tests.intercom.conftest import hub, sandbox_url

__all__ = ["hub", "sandbox_url"]
