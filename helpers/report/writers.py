"""The formats of a report, and the files of a run folder that hold them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.core.errors import UsageError
from helpers.core.model import Report
from helpers.report.figures import figures_of
from helpers.report.folder import INPUTS
from helpers.report.judging_inputs import JudgingInputs
from helpers.system.files import write_private

__all__ = ["FORMATS", "Format", "render", "to_json", "write_reports"]


@dataclass(frozen=True)
class Format:
    """A format: its file in a run folder (empty: none), and its writer as `module:name`."""

    file: str
    writer: str

    def load(self) -> Callable[..., str]:
        """The writer, imported when it is needed."""
        module, _, name = self.writer.partition(":")
        found: Callable[..., str] = getattr(importlib.import_module(module), name)
        return found


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format("results.json", "helpers.report.writers:to_json"),
    "html": Format("report.html", "helpers.report.page:to_html"),
    "sarif": Format("report.sarif", "helpers.report.sarif:to_sarif"),
    "markdown": Format("report.md", "helpers.report.markdown:to_markdown"),
    "github": Format("", "helpers.report.github:to_github"),  # the summary of a job
}


def render(report: Report, form: str, run: Path | None = None) -> str:
    """The report in a format; the page has figures if the run folder is given.

    Raises UsageError that lists the known formats.
    """
    if form not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f"There is no format {form!r}.", f"The formats are: {known}.")
    writer = FORMATS[form].load()
    if form == "html" and run:
        return writer(report, figures_of(run))
    return writer(report)


def write_reports(
    run: Path, report: Report, inputs: JudgingInputs, redact: Callable[[str], str]
) -> Iterator[Path]:
    """Write the judging inputs and every format that has a file, through the redactor."""
    yield _write(run / INPUTS, redact(inputs.model_dump_json(indent=2) + "\n"))
    for name, form in FORMATS.items():
        if form.file:
            yield _write(run / form.file, redact(render(report, name, run)))


def _write(path: Path, content: str) -> Path:
    write_private(path, content)
    return path


def to_json(report: Report) -> str:
    """The report as JSON in ASCII, safe on any terminal; keys in model order."""
    return json.dumps(report.model_dump(mode="json"), indent=2) + "\n"
