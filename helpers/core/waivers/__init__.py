"""Waivers: what a team knows about and accepts for a while. They annotate; they never remove.

`waivers.toml`, with every key but the last mandatory:

    [[waiver]]
    check = "ACC-004"
    resource = "admin:81*"          # pattern on the resource's key: * ? [abc]
    owner = "ana@example.com"
    reason = "Contractor, leaves at the end of March; see ticket 4711."
    expires = 2026-03-31            # the last day it applies
    workspace = "shop-eu"           # optional: it holds for this one alone

A waiver that has expired, matches nothing or names no check is a finding itself.
"""

from __future__ import annotations

from helpers.core.waivers.apply import WAIVABLE, apply_waivers, refusal
from helpers.core.waivers.file import load_repository_waivers, load_waivers, with_waiver
from helpers.core.waivers.records import Waiver, WaiverFacts, WaiverOrigin, WaiverUse

__all__ = [
    "WAIVABLE",
    "Waiver",
    "WaiverFacts",
    "WaiverOrigin",
    "WaiverUse",
    "apply_waivers",
    "load_repository_waivers",
    "load_waivers",
    "refusal",
    "with_waiver",
]
