"""The family of deliberately broken receivers: one defect each, told by these requests alone."""

from __future__ import annotations

from tests.webhooks.mutants.defects.defect import Defect
from tests.webhooks.mutants.defects.forged import FORGED
from tests.webhooks.mutants.defects.genuine import GENUINE
from tests.webhooks.mutants.defects.malformed import MALFORMED
from tests.webhooks.mutants.defects.overloaded import OVERLOADED
from tests.webhooks.mutants.defects.service import SERVICE
from tests.webhooks.mutants.defects.smuggled import SMUGGLED
from tests.webhooks.mutants.defects.trusting import TRUSTING

__all__ = ["DEFECTS", "Defect"]

DEFECTS = (*GENUINE, *FORGED, *SMUGGLED, *MALFORMED, *SERVICE, *TRUSTING, *OVERLOADED)
