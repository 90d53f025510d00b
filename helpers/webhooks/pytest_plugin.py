"""The battery as tests: `pytest --intercom-webhook-url=http://127.0.0.1:8000/webhooks/intercom`.

One test per case, named by its id; the failure text says what it means and how to fix it. Only
the selected cases (`-k R01`) are sent. Without the option nothing happens: this module is
loaded in every run of pytest, so it imports nothing else until it is asked.

The secret comes from INTERCOM_CLIENT_SECRET (fin_agent: FIN_AGENT_WEBHOOK_SECRET).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from helpers.webhooks.pytest_items import ReceiverUnderTest

__all__ = [
    "pytest_addoption",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
]

_URL = "--intercom-webhook-url"
_PREFIX = "--intercom-webhook"
_SCHEMES = ("webhook", "canvas_kit", "fin_agent")  # as `signatures.SCHEMES` has them
_THRESHOLDS = ("never", "info", "low", "medium", "high", "critical")  # as `webhook test` has them
_RECEIVER: pytest.StashKey[ReceiverUnderTest] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("intercom", "Intercom webhook receiver")
    group.addoption(_URL, metavar="URL", help="Test the receiver at URL, one test per case.")
    group.addoption(f"{_PREFIX}-scheme", choices=_SCHEMES, default="webhook", help="webhook.")
    group.addoption(f"{_PREFIX}-app-id", metavar="ID", default="sample01", help="The workspace.")
    group.addoption(
        f"{_PREFIX}-header", metavar="NAME:VALUE", action="append", default=[], help="With each."
    )
    group.addoption(
        f"{_PREFIX}-consent",
        action="store_true",
        help="I may test this receiver, which is not local.",
    )
    group.addoption(
        f"{_PREFIX}-heavy", action="store_true", help="Also large bodies and bursts, if not local."
    )
    group.addoption(
        f"{_PREFIX}-previous-secret-variable",
        metavar="NAME",
        default="",
        help="During a rotation: the variable that holds the previous secret.",
    )
    group.addoption(
        f"{_PREFIX}-revoked", action="store_true", help="The previous secret must be refused."
    )

    group.addoption(
        f"{_PREFIX}-fail-on",
        choices=_THRESHOLDS,
        default="high",
        help="A case that fails less severely is a note.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything is collected, so that mistakes are reported at once."""
    if not config.getoption(_URL):
        return
    from helpers.core.errors import RunbookError
    from helpers.webhooks.pytest_items import ReceiverUnderTest

    config.addinivalue_line("markers", "intercom_webhook: a case of the webhook battery.")
    try:
        config.stash[_RECEIVER] = ReceiverUnderTest.from_options(config.getoption)
    except RunbookError as error:
        raise pytest.UsageError(f"{error.message} {error.advice}") from None


@pytest.hookimpl(tryfirst=True)  # before -k and -m choose among the items
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the cases after the tests that were collected from files."""
    if _RECEIVER not in config.stash:
        return
    from helpers.webhooks.pytest_items import cases_of

    items.extend(cases_of(session, config.stash[_RECEIVER]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember the selection: nothing else is sent."""
    receiver = session.config.stash.get(_RECEIVER, None)
    if receiver is not None:
        receiver.select(session.items)
