"""The controls that checks may be mapped to: identifiers and short names as published.

A check says `controls=("SOC 2 CC6.1", "ISO 27001 A.5.17")`: the framework's prefix, then the
control. A mapping shows an auditor where to look; it is not a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["DISCLAIMER", "FRAMEWORKS", "Framework", "control_ids"]

DISCLAIMER: Final = (
    "A mapping helps an auditor find evidence. It is not a certificate, and a control covers more "
    "than the checks listed for it."
)


@dataclass(frozen=True)
class Framework:
    """A framework's full name, the prefix of its controls here, and control: short name."""

    name: str
    prefix: str
    controls: Mapping[str, str]

    def ids(self) -> Iterator[tuple[str, str]]:
        """Each control as checks write it, with its short name."""
        for control, name in self.controls.items():
            yield f"{self.prefix}{control}", name


FRAMEWORKS: Final = (
    Framework(
        "SOC 2, Trust Services Criteria 2017",
        "SOC 2 ",
        {
            "CC6.1": "logical access security",
            "CC6.2": "registering and authorising users",
            "CC6.3": "role-based access, least privilege",
            "CC6.6": "threats from outside the boundary",
            "CC6.7": "data in transmission",
            "CC7.1": "detecting configuration changes and vulnerabilities",
            "CC7.2": "monitoring for anomalies",
            "CC7.3": "evaluating events",
            "CC7.4": "responding to incidents",
            "CC8.1": "change management",
        },
    ),
    Framework(
        "ISO/IEC 27001:2022, Annex A",
        "ISO 27001 A.",
        {
            "5.15": "access control",
            "5.16": "identity management",
            "5.17": "authentication information",
            "5.18": "access rights",
            "5.23": "use of cloud services",
            "5.24": "planning for incidents",
            "5.25": "assessing events",
            "5.26": "responding to incidents",
            "5.27": "learning from incidents",
            "5.28": "collecting evidence",
            "8.2": "privileged access rights",
            "8.3": "information access restriction",
            "8.5": "secure authentication",
            "8.9": "configuration management",
            "8.12": "data leakage prevention",
            "8.15": "logging",
            "8.16": "monitoring activities",
            "8.24": "use of cryptography",
            "8.28": "secure coding",
        },
    ),
    Framework(
        "NIST Cybersecurity Framework 2.0",
        "NIST CSF ",
        {
            "PR.AA-01": "identities and credentials managed",
            "PR.AA-03": "users and services authenticated",
            "PR.AA-05": "permissions, least privilege, separation of duties",
            "PR.DS-01": "data at rest",
            "PR.DS-02": "data in transit",
            "PR.PS-01": "configuration management",
            "PR.PS-04": "log records",
            "PR.PS-06": "secure software development",
            "DE.CM-03": "personnel activity monitored",
            "DE.CM-06": "external service providers monitored",
            "DE.CM-09": "software and data monitored",
            "DE.AE-02": "adverse events analysed",
            "RS.MA-01": "incident response executed",
        },
    ),
    Framework(
        "CIS Controls v8.1",
        "CIS ",
        {
            "3.3": "data access control lists",
            "3.10": "encrypt in transit",
            "4.1": "secure configuration",
            "5.3": "disable dormant accounts",
            "5.4": "restrict administrator privileges",
            "5.5": "inventory of service accounts",
            "6.1": "granting access",
            "6.2": "revoking access",
            "6.3": "MFA for exposed applications",
            "6.8": "role-based access",
            "8.2": "collect audit logs",
            "8.5": "detailed audit logs",
            "8.9": "centralise audit logs",
            "8.10": "retain audit logs",
            "8.11": "review audit logs",
            "16.1": "secure development process",
            "17": "incident response",
        },
    ),
)


def control_ids() -> frozenset[str]:
    """Every control that a check may name."""
    return frozenset(control for framework in FRAMEWORKS for control, _ in framework.ids())
