"""The scope review's tests ask the same sandbox as the client's."""

from tests.intercom.conftest import _no_waiting, hub, sandbox_url, unused_port

__all__ = ["_no_waiting", "hub", "sandbox_url", "unused_port"]
