"""A report with one of everything that a writer has to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from helpers.core.judge import identity
from helpers.core.model import (
    Baseline,
    CodeState,
    Confidence,
    Effort,
    Evidence,
    FilePlace,
    Finding,
    HashedFile,
    Report,
    Resource,
    Severity,
    Status,
    StepResult,
    Subject,
    WaiverNote,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=7)
SUBJECT = Subject(
    profile="production",
    workspace="ecs8jk2m",
    region="eu",
    host="api.eu.intercom.io (Intercom's)",
    repository=CodeState(
        name="support-bot",
        remote="https://git.example.com/acme/support-bot.git",
        branch="main",
        commit="3f8e21ac" * 5,
        dirty=True,
    ),
    policy=HashedFile(name="policy.toml", sha256="1f" * 32),
    waivers=HashedFile(name="waivers.toml", sha256="2e" * 32),
    run_by="ana@audit-host",
    left_out=("webhooks",),
)

TITLES = {
    "environment": "Environment set-up",
    "exposure": "Secret exposure",
    "rotation": "Secret rotation",
    "scopes": "Scope review",
    "webhooks": "Webhook verification",
    "access": "Workspace access",
    "auditlog": "Audit log",
}


def finding(
    check: str = "ENV-001",
    status: Status = Status.FAIL,
    resource: Resource | None = None,
    **changes: object,
) -> Finding:
    """A finding of a check, with anything changed."""
    resource = resource or Resource(kind="file", key=".env", name=".env")
    plain: dict[str, object] = {
        "check": check,
        "title": "Env files are ignored by git",
        "step": "environment",
        "status": status,
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "effort": Effort.MINUTES,
        "resource": resource,
        "message": "git does not ignore .env.",
        "fingerprint": identity(check, resource),
    }
    return Finding.model_validate(plain | changes)


def report(*findings: Finding, **changes: object) -> Report:
    """A report of these findings, in which every step of theirs was completed."""
    steps = {f.step for f in findings if f.step in TITLES} or {"environment"}
    plain: dict[str, object] = {
        "tool_version": "0.1.0",
        "profile": "production",
        "generated_at": NOW,
        "steps": tuple(
            StepResult(step=name, title=title, completed=True)
            for name, title in TITLES.items()
            if name in steps
        ),
        "findings": findings,
    }
    return Report.model_validate(plain | changes)


def _exposure() -> tuple[Finding, ...]:
    token = Resource(
        kind="secret", key="access_token:1f3a5c7d9e0b2a46", name="access token 1f3a5c7d9e0b2a46"
    )
    return (
        finding(
            "EXP-002",
            resource=token,
            step="exposure",
            title="No access token was ever committed",
            severity=Severity.CRITICAL,
            message="An access token stands in the history; it is reachable from main.",
            evidence=(
                Evidence(
                    what="added by Ada Brown, 2026-01-14",
                    where="3f8e21ac:config/intercom.rb",
                    place=FilePlace(path="config/intercom.rb", line=3, commit="3f8e21ac"),
                ),
                Evidence(
                    what="removed by Ada Brown, 2026-01-15", where="9b1d7720:config/intercom.rb"
                ),
            ),
            remediation=(
                "Rotate the token at once: Developer Hub > your app > Authentication.",
                "Deploy the new token, then check that the old one answers 401.",
                "Rewrite the history only after that: it does not undo the exposure.",
            ),
            references=("https://www.intercom.com/help/en/articles/10522190",),
            controls=("SOC 2 CC6.1", "ISO 27001 A.8.12", "NIST CSF PR.AA-01", "CIS 16.1"),
            checklist="keys_in_variables",
            baseline=Baseline.NEW,
            since=NOW,
        ),
        finding(
            "EXP-001",
            Status.PASS,
            step="exposure",
            title="No secret stands in the working tree",
            resource=Resource(kind="tree", key="working-tree", name="the working tree"),
            message="62 files hold no secret.",
            checklist="keys_in_variables",
            controls=("ISO 27001 A.8.28",),
            baseline=Baseline.UNCHANGED,
        ),
    )


def _environment() -> tuple[Finding, ...]:
    ignore = ("SOC 2 CC6.1", "ISO 27001 A.5.17")
    return (
        finding(
            "ENV-003",
            resource=Resource(kind="file", key=".env.production"),
            title="Every env file is ignored by git",
            message="git does not ignore .env.production: no rule matches it.",
            evidence=(
                Evidence(what="no rule matches", where="git check-ignore -v .env.production"),
            ),
            remediation=(
                "Add `.env.*` to .gitignore, or let `runbook init` do it.",
                "Make sure that `git status --ignored` lists the file.",
            ),
            controls=ignore,
            checklist="env_ignored",
            baseline=Baseline.UNCHANGED,
            since=BEFORE,
        ),
        finding(
            "ENV-003",
            Status.PASS,
            resource=Resource(kind="file", key=".env"),
            title="Every env file is ignored by git",
            message=".gitignore line 3 matches.",
            controls=ignore,
            checklist="env_ignored",
            baseline=Baseline.FIXED,
        ),
        finding(
            "ENV-007",
            severity=Severity.MEDIUM,
            effort=Effort.HOURS,
            resource=Resource(kind="secret", key="client_secret", name="client secret"),
            title="Keys differ per environment",
            message="staging and production share the client secret 77aa01c4b5d6e7f8.",
            remediation=("Make an app of its own for staging.",),
            controls=("SOC 2 CC6.3",),
            checklist="keys_differ",
            waiver=WaiverNote(
                owner="ana@example.com",
                reason="One app until the migration is over; ticket 4711.",
                expires="2026-03-31",
            ),
            baseline=Baseline.UNCHANGED,
            since=BEFORE,
        ),
    )


def _workspace() -> tuple[Finding, ...]:
    return (
        finding(
            "SCP-002",
            severity=Severity.LOW,
            effort=Effort.HOURS,
            step="scopes",
            title="The token holds no scope that the policy does not allow",
            resource=Resource(kind="scope", key="write_conversations"),
            message="The token can write conversations; the policy allows it to read.",
            remediation=("Untick “Write conversations” in the Developer Hub.",),
            controls=("SOC 2 CC6.3", "NIST CSF PR.AA-05"),
            checklist="minimal_scopes",
            baseline=Baseline.REGRESSED,
            since=NOW,
        ),
        finding(
            "WHK-001",
            Status.MANUAL,
            step="webhooks",
            title="The receiver rejects what is not signed",
            resource=Resource(kind="datum", key="battery", name="battery"),
            message="No webhook URL is configured; set INTERCOM_WEBHOOK_URL.",
            evidence=(Evidence(what="not read", where="POST <webhook URL>"),),
            checklist="signatures_validated",
            controls=("SOC 2 CC6.6",),
            baseline=Baseline.NEW,
        ),
        finding(
            "ACC-001",
            Status.NOT_APPLICABLE,
            step="access",
            title="No teammate is dormant",
            resource=Resource(kind="workspace", key="abc123"),
            message="The workspace has one teammate, who is active.",
            baseline=Baseline.UNCHANGED,
        ),
        finding(
            "AUD-001",
            Status.ERROR,
            step="auditlog",
            title="Application calls are logged",
            resource=Resource(kind="datum", key="records", name="records"),
            message="The kernel died before it had read the audit log.",
            evidence=(Evidence(what="not read", where="collect auditlog"),),
            checklist="audit_logging",
            controls=("CIS 8.2",),
            baseline=Baseline.NEW,
        ),
    )


def _waivers() -> Finding:
    return finding(
        "WVR-002",
        step="waivers",
        severity=Severity.LOW,
        title="Every waiver is still needed",
        resource=Resource(kind="waiver", key="ACC-004:admin:81*", name="waiver of ACC-004"),
        message="It matches no finding.",
        evidence=(Evidence(what="ana@example.com: contractor", where="waivers.toml"),),
        remediation=("Remove the waiver from waivers.toml: what it was for is gone.",),
        controls=("SOC 2 CC8.1",),
        baseline=Baseline.NEW,
        since=NOW,
    )


def full_report() -> Report:
    """Every status, severity, baseline; a waiver, a missing step, something fixed."""
    steps = tuple(
        StepResult(
            step=name,
            title=title,
            completed=name != "auditlog",
            reason="The kernel died." if name == "auditlog" else "",
        )
        for name, title in TITLES.items()
    )
    fixed = finding(
        "ENV-003",
        resource=Resource(kind="file", key=".env"),
        title="Every env file is ignored by git",
    )
    return report(
        *_environment(),
        *_exposure(),
        *_workspace(),
        _waivers(),
        steps=steps,
        fixed=(fixed,),
        compared_with=BEFORE,
        notes=("The repository is a shallow clone: older history was not searched.",),
        subject=SUBJECT,
    )


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "a | b || c",
    "`code` ``more``",
    "line\nbreak\r\n# heading",
    "\x1b[31mred\x1b[0m\x9b1m",
    "\u202egnp.exe\u202c",
    "[link](javascript:alert(1))",
    "![picture](https://example.net/x.png)",
    "{{ 7 * 7 }}{% raw %}",
    "</style><svg onload=alert(1)>",
    "]]><!-- --> &amp;",
    "=HYPERLINK(1)",
    "@team #1 ~~gone~~ _it_ *b*",
)


def hostile_report(text: str) -> Report:
    """The same hostile text in every place that holds data."""
    resource = Resource(kind="tag", key=text, name=text)
    note = WaiverNote(owner=text, reason=text, expires="2026-03-31")
    one = finding(
        resource=resource,
        title=text,
        message=text,
        evidence=(Evidence(what=text, where=text),),
        remediation=(text,),
        references=(text,),
        waiver=note,
        controls=("SOC 2 CC6.1",),
    )
    other = finding("ENV-002", resource=resource, message=text, title=text, remediation=(text,))
    looked = finding("ENV-003", Status.PASS, resource=resource, message=text, title=text)
    missing = StepResult(step="auditlog", title=text, completed=False, reason=text)
    there = StepResult(step="environment", title=text, completed=True)
    file = HashedFile(name=text, sha256=text)
    code = CodeState(name=text, remote=text, branch=text, commit=text, dirty=True)
    subject = Subject(
        profile=text,
        workspace=text,
        region=text,
        host=text,
        clock=text,
        repository=code,
        policy=file,
        waivers=file,
        run_by=text,
        left_out=(text,),
    )
    return report(
        one,
        other,
        looked,
        fixed=(other,),
        steps=(there, missing),
        notes=(text,),
        profile=text,
        subject=subject,
    )
