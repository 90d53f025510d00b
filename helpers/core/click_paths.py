"""Where to click in Intercom: `click_path("security")`, from `click_paths.toml`.

A path is written in that table alone, so that a menu that Intercom moves is corrected once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["click_path", "click_paths"]


@cache
def click_paths() -> Mapping[str, str]:
    """Every path by its name."""
    text = files("helpers.core").joinpath("click_paths.toml").read_text("ascii")
    return tomllib.loads(text)


def click_path(name: str) -> str:
    """The path of that name, as Intercom labels its menus. Raises KeyError for an unknown name."""
    return click_paths()[name]
