"""The pytest plug-in's tests: one per case, all fed by one run of the battery."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import pytest

from helpers.core.errors import UsageError
from helpers.core.exit_status import Threshold
from helpers.core.model import Severity
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.cases import Case, applicable
from helpers.webhooks.records import BatteryResult, CaseOutcome, CaseResult
from helpers.webhooks.reporting import case_lines
from helpers.webhooks.request_builder import PreviousSecret, RequestBuilder
from helpers.webhooks.signatures import SCHEMES
from helpers.webhooks.target import Target, parse_headers, parse_target, secret_in, secret_variable

__all__ = ["CaseItem", "ReceiverUnderTest", "cases_of"]


class ReceiverUnderTest:
    """The receiver under test, and the one run of the battery against it."""

    def __init__(
        self,
        target: Target,
        builder: RequestBuilder,
        options: BatteryOptions,
        fail_on: Threshold = Severity.HIGH,
    ) -> None:
        self.fail_on = fail_on
        self.target = target
        self.builder = builder
        self._options = options
        self._selected: tuple[str, ...] = ()
        self._result: BatteryResult | None = None

    @classmethod
    def from_options(cls, option: Callable[[str], Any]) -> Self:
        """From pytest's options. Raises UsageError for invalid ones."""

        def of(name: str) -> Any:
            return option(f"--intercom-webhook-{name}")

        scheme, target = of("scheme"), parse_target(of("url"))
        if not target.loopback and not of("consent"):
            raise UsageError("The receiver is not on this machine.", "Add the -consent option.")
        previous = of("previous-secret-variable")
        builder = RequestBuilder(
            SCHEMES[scheme],
            _secret(secret_variable(scheme)),
            app_id=of("app-id"),
            previous=PreviousSecret(previous, _secret(previous), of("revoked"))
            if previous
            else None,
        )
        headers = parse_headers(tuple(of("header")))
        options = BatteryOptions(consent=True, heavy=of("heavy"), headers=headers)
        fail_on: Threshold = "never" if of("fail-on") == "never" else Severity(of("fail-on"))
        return cls(target, builder, options, fail_on)

    def select(self, items: Sequence[pytest.Item]) -> None:
        """Send only the cases of these items."""
        self._selected = tuple(item.case.id for item in items if isinstance(item, CaseItem))

    def result(self) -> BatteryResult:
        """The result; the battery runs when the first test asks for it."""
        if self._result is None:
            from dataclasses import replace

            options = replace(self._options, cases=self._selected)
            self._result = run_battery(self.target, self.builder, options)
        return self._result

    def is_over(self, found: CaseResult) -> bool:
        """True if the case fails at or above the threshold."""
        failed = found.outcome is CaseOutcome.FAIL and self.fail_on != "never"
        return failed and found.severity.rank >= Severity(self.fail_on).rank

    def death(self) -> CaseResult | None:
        """That the receiver did not survive, if no selected test reports it."""
        alive = self.result().case("E12")
        return alive if self.is_over(alive) and alive.id not in self._selected else None


class _CaseFailedError(Exception):
    """A case failed; its text is all that is shown."""


class CaseItem(pytest.Item):
    """One case of the battery."""

    def __init__(self, *, case: Case, receiver: ReceiverUnderTest, **more: Any) -> None:
        super().__init__(**more)
        self.case = case
        self.receiver = receiver
        self.add_marker("intercom_webhook")

    def runtest(self) -> None:
        """Fail if the receiver did the wrong thing, or could not be judged."""
        result = self.receiver.result()
        found = self.receiver.death() or result.case(self.case.id)
        if found.outcome is CaseOutcome.SKIPPED:
            pytest.skip(found.observed)
        unclear = found.outcome is CaseOutcome.INCONCLUSIVE and self.receiver.fail_on != "never"
        if unclear or self.receiver.is_over(found):
            raise _CaseFailedError("\n".join([*case_lines(found), *result.notes]))
        if found.outcome is not CaseOutcome.PASS:
            self.add_report_section("call", "note", _note(found))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The explanation, and no traceback: the fault is the receiver's."""
        if isinstance(excinfo.value, _CaseFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, None, str]:
        """Where it belongs, for reports."""
        return self.receiver.target.receiver.address, None, self.name


class IntercomWebhook(pytest.Collector):
    """The collector of the items."""

    def __init__(self, *, receiver: ReceiverUnderTest, **more: Any) -> None:
        super().__init__(**more)
        self.receiver = receiver

    def collect(self) -> Iterator[CaseItem]:
        """An item for each case that makes sense for the scheme."""
        builder = self.receiver.builder
        for case in applicable(builder.scheme, phase=builder.phase):
            name = f"{case.id} {case.title}"
            yield CaseItem.from_parent(self, name=name, case=case, receiver=self.receiver)


def cases_of(session: pytest.Session, receiver: ReceiverUnderTest) -> Iterator[CaseItem]:
    """The tests of one receiver, collected through pytest's hooks so that its counts are right."""
    name, hook = "intercom-webhook", session.config.hook
    parent = IntercomWebhook.from_parent(session, name=name, nodeid=name, receiver=receiver)
    report = hook.pytest_make_collect_report(collector=parent)
    hook.pytest_collectreport(report=report)
    for item in report.result:
        hook.pytest_itemcollected(item=item)
        yield item


def _secret(variable: str) -> bytes:
    secret = secret_in(variable)
    if not secret:
        raise UsageError(
            f"The variable {variable} is not set, or blank.", "Set it in the environment."
        )
    return secret


def _note(found: CaseResult) -> str:
    return f"{found.observed}. {found.consequence} {' '.join(found.fix)}"
