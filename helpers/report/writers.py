"""The formats of a report, and the files that a run folder holds of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.core.errors import UsageError
from helpers.core.model import Report
from helpers.report.drawn import pictures_of
from helpers.report.folder import TERMS
from helpers.report.terms import Terms
from helpers.system.files import write_private

__all__ = ["FORMATS", "Format", "render", "write_reports"]


@dataclass(frozen=True)
class Format:
    """A format: its file in a run folder, and its writer as `module:name`, loaded when needed."""

    file: str
    writer: str

    def load(self) -> Callable[..., str]:
        """The writer."""
        module, _, name = self.writer.partition(":")
        found: Callable[..., str] = getattr(importlib.import_module(module), name)
        return found


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format("results.json", "helpers.report.results:to_json"),
    "html": Format("report.html", "helpers.report.page:to_html"),
    "sarif": Format("report.sarif", "helpers.report.sarif:to_sarif"),
    "markdown": Format("report.md", "helpers.report.markdown:to_markdown"),
}


def render(report: Report, form: str, run: Path | None = None) -> str:
    """The report in a format; the page has pictures too, where the run's folder is known.

    Raises UsageError with the formats there are.
    """
    if form not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f"There is no format {form!r}.", f"The formats are: {known}.")
    writer = FORMATS[form].load()
    if form == "html" and run:
        return writer(report, pictures_of(run))
    return writer(report)


def write_reports(
    run: Path, report: Report, terms: Terms, redact: Callable[[str], str]
) -> Iterator[Path]:
    """Write the terms and every format into a run folder, each through the redactor."""
    yield _write(run / TERMS, redact(terms.model_dump_json(indent=2) + "\n"))
    for name, form in FORMATS.items():
        yield _write(run / form.file, redact(render(report, name, run)))


def _write(path: Path, content: str) -> Path:
    write_private(path, content)
    return path
