"""A sandbox for the whole room, and a profile of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.core.context import Context
from helpers.core.policy import Policy
from helpers.core.policy_file import load_policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings
from helpers.intercom import client, transport
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.intercom.pace import Pace
from helpers.rotation.context import Need, RotationStatus
from helpers.rotation.guide import Guide
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.transitions import Mode, State
from helpers.sandbox import Sandbox, start

NOW = datetime(2026, 5, 18, 9, 0, tzinfo=UTC)
READERS = OperatorInput(attested=frozenset({"readers"}))
SCOPES = ("read_single_admin", "read_admins", "read_tags")


@dataclass
class Desk:
    """A profile in a sandbox workspace: an app, its token in an env file, a hub to click in."""

    context: Context
    hub: DeveloperHub
    app: App
    env_file: Path
    hub_url: str
    at_the_end: Callable[[Callable[[], None]], None]

    @property
    def token(self) -> str:
        return self.app.access_token.get_secret_value()

    @property
    def guide(self) -> Guide:
        """As a person at a real profile has it: nobody else clicks."""
        return Guide(self.context, "INTERCOM_ACCESS_TOKEN")

    def reopened(self) -> Desk:
        """The desk as the next command finds it: settings read anew, the same state."""
        settings = load_settings(
            self.context.settings.profile,
            self.context.repo,
            env_file=self.env_file,
            environ={"INTERCOM_BASE_URL": self.context.settings.text("INTERCOM_BASE_URL")},
        )
        old = self.context
        context = replace(old, settings=settings, redactor=Redactor())
        self.at_the_end(context.close)
        return replace(self, context=context)

    def click(self, method: str, path: str, /, **body: Any) -> Any:
        """Turn something in the sandbox's hub."""
        answer = httpx.request(method, f"{self.hub_url}{path}", json=body, verify=False)
        assert answer.is_success, answer.text
        return answer.json()

    def fault(self, kind: str, route: str = "/me", **how: Any) -> None:
        """A fault that strikes calls of a route."""
        self.click("POST", "/faults", kind=kind, route=route, **how)

    def second_app(self, *more: str) -> OperatorInput:
        """What a person does in overlap mode: a second app; its token."""
        return OperatorInput(secret=self.hub.create_app("Second", (*SCOPES, *more)).access_token)

    def to_confirmed(self) -> None:
        """In overlap, to where the old key waits to be withdrawn."""
        self.guide.start(Mode.OVERLAP)
        self.guide.resume(self.second_app())
        assert self.guide.resume(READERS).entry.state is State.CONFIRMED

    def in_file(self) -> str:
        return self.env_file.read_text().partition("=")[2].strip()


def at(status: RotationStatus) -> tuple[State, Need | None]:
    """Where it stands, and what it waits for."""
    return status.entry.state, status.pause.need if status.pause else None


def guide_of(desk: Desk, variable: str, value: str) -> Guide:
    """The desk's profile with another secret beside the token."""
    desk.env_file.write_text(f"INTERCOM_ACCESS_TOKEN={desk.token}\n{variable}={value}\n")
    desk.context.settings = desk.reopened().context.settings
    return Guide(desk.context, variable)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between tries, and for no answer longer than a moment."""
    monkeypatch.setattr(transport, "_SHORT_PAUSE", 0.001)
    monkeypatch.setattr(transport, "pause_until_reset", lambda _: 0.001)
    monkeypatch.setattr(Pace, "hold", lambda *_: None)
    monkeypatch.setattr(client, "_TIMEOUT", httpx.Timeout(0.3))


# --- what may be wrong with the new key ---


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running


@pytest.fixture
def make_desk(
    sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., Desk]:
    def make(
        profile: Profile = Profile.PRODUCTION, policy: Policy | None = None, name: str = "desk"
    ) -> Desk:
        workspace = f"{abs(hash(request.node.nodeid)):x}-{name}"
        url, hub = sandbox.base_url(workspace), DeveloperHub(sandbox.hub(workspace))
        app = hub.create_app("Under test", SCOPES)
        folder = tmp_path / name
        folder.mkdir()
        env_file = folder / ".env"
        env_file.write_text(f"INTERCOM_ACCESS_TOKEN={app.access_token.get_secret_value()}\n")
        env_file.chmod(0o600)
        settings = load_settings(
            profile, folder, env_file=env_file, environ={"INTERCOM_BASE_URL": url}
        )
        context = Context(
            settings,
            policy or load_policy(profile),
            Redactor(),
            folder,
            tmp_path / f"{name}-state",
            lambda: NOW,
            hub=sandbox.hub(workspace) if profile is Profile.SANDBOX else "",
            client_factory=client.Client.from_settings,
        )
        request.addfinalizer(context.close)
        return Desk(
            context, hub, app, env_file, sandbox.hub(workspace), at_the_end=request.addfinalizer
        )

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()
