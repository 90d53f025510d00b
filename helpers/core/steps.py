"""The steps of the runbook: name, notebook, and where each one's parts are.

Parts are named, not imported: a kernel that runs one step loads that step alone.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from helpers.core.errors import UsageError

__all__ = ["CODE_STEPS", "RECORDER", "SHARED", "STEPS", "Step", "imported", "step_named"]

# Writes the runbook's own actions into its audit log: (state, action, *, redactor, …) -> object.
RECORDER = "helpers.auditlog.log:record"


@dataclass(frozen=True)
class Step:
    """One step. `checks` is a package, the other parts are `module:name`."""

    name: str
    notebook: str
    title: str
    facts: str
    collector: str
    checks: str
    action: str = ""  # what the step changes, if anything: (Context) -> evidence record
    figure: str = ""  # its figure in the HTML report: (facts) -> Markup
    demo: str = ""  # what the sandbox profile has from before: (folder, now) -> None

    def load(self, part: str) -> Any:
        """Import what `facts`, `collector`, `action`, `figure` or `demo` names."""
        return imported(getattr(self, part))


def imported(name: str) -> Any:
    """Import what a `module:name` names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _step(
    number: int,
    slug: str,
    name: str,
    *,
    title: str,
    facts: str,
    action: str = "",
    figure: str = "",
    demo: str = "",
) -> Step:
    return Step(
        name=name,
        notebook=f"{number:02}_{slug}",
        title=title,
        facts=facts,
        collector=f"helpers.{name}.collect:collect",
        checks=f"helpers.{name}.checks",
        action=action,
        figure=figure,
        demo=demo,
    )


STEPS: tuple[Step, ...] = (
    _step(
        1,
        "environment_setup",
        "environment",
        title="Environment set-up",
        facts="helpers.environment.records:EnvironmentFacts",
    ),
    _step(
        2,
        "secret_exposure",
        "exposure",
        title="Secret exposure",
        facts="helpers.exposure.records:ExposureFacts",
    ),
    _step(
        3,
        "secret_rotation",
        "rotation",
        title="Secret rotation",
        facts="helpers.rotation.records:RotationFacts",
        action="helpers.rotation.action:act",
    ),
    _step(
        4,
        "scope_review",
        "scopes",
        title="Scope review",
        facts="helpers.scopes.records:ScopeFacts",
        action="helpers.scopes.action:act",
        demo="helpers.scopes.previous_review:plant",
    ),
    _step(
        5,
        "webhook_verification",
        "webhooks",
        title="Webhook verification",
        facts="helpers.webhooks.records:WebhookFacts",
        action="helpers.webhooks.action:act",
    ),
    _step(
        6,
        "workspace_access",
        "access",
        title="Workspace access",
        facts="helpers.access.records:AccessFacts",
    ),
    _step(
        7,
        "dependencies",
        "dependencies",
        title="Dependencies",
        facts="helpers.dependencies.records:DependencyFacts",
    ),
    _step(
        8,
        "audit_log",
        "auditlog",
        title="Audit log",
        facts="helpers.auditlog.records:AuditFacts",
        action="helpers.auditlog.action:act",
        figure="helpers.auditlog.timeline:drawing",
        demo="helpers.auditlog.demo:plant",
    ),
)


# Steps whose findings are about the repository; those of the others are about the workspace.
CODE_STEPS = frozenset({"environment", "exposure", "scopes", "dependencies", "waivers"})


def step_named(name: str) -> Step:
    """The step with this name or notebook. Raises UsageError with the names that exist."""
    for step in STEPS:
        if name in (step.name, step.notebook, step.notebook[:2]):
            return step
    known = ", ".join(step.name for step in STEPS)
    raise UsageError(f"There is no step {name!r}.", f"The steps are: {known}.")


# Modules that most steps load: a process that becomes a kernel loads them first.
SHARED = (
    "helpers.notebook.checklist",
    "helpers.notebook.parameters",
    "helpers.intercom.client",
    "helpers.intercom.records",
    "helpers.sandbox.demo_repository",
    "helpers.sandbox.receivers",
    "helpers.notebook.overview",
    "helpers.notebook.calls_view",
    "httpcore",
)
