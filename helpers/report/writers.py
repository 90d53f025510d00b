"""The formats of a report, and the files that a run folder holds of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.errors import UsageError
from helpers.files import write_private
from helpers.model import Report
from helpers.report.folder import TERMS
from helpers.report.terms import Terms

__all__ = ["FORMATS", "Format", "render", "write_reports"]


@dataclass(frozen=True)
class Format:
    """A format: its file in a run folder, and its writer as `module:name`, loaded when needed."""

    file: str
    writer: str

    def load(self) -> Callable[[Report], str]:
        """The writer."""
        module, _, name = self.writer.partition(":")
        found: Callable[[Report], str] = getattr(importlib.import_module(module), name)
        return found


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format("results.json", "helpers.report.results:to_json"),
    "html": Format("report.html", "helpers.report.page:to_html"),
    "sarif": Format("report.sarif", "helpers.report.sarif:to_sarif"),
    "markdown": Format("report.md", "helpers.report.markdown:to_markdown"),
}


def render(report: Report, form: str) -> str:
    """The report in a format. Raises UsageError with the formats there are."""
    if form not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f"There is no format {form!r}.", f"The formats are: {known}.")
    return FORMATS[form].load()(report)


def write_reports(
    run: Path, report: Report, terms: Terms, redact: Callable[[str], str]
) -> Iterator[Path]:
    """Write the terms and every format into a run folder, each through the redactor."""
    yield _write(run / TERMS, redact(terms.model_dump_json(indent=2) + "\n"))
    for name, form in FORMATS.items():
        yield _write(run / form.file, redact(render(report, name)))


def _write(path: Path, content: str) -> Path:
    write_private(path, content)
    return path
