"""How anything is shown: a view is escaped HTML and a plain text, side by side.

Workspace data is hostile: all of it goes through `Markup.format`, which escapes, and `sanitize`,
which spells out what would move the cursor or reverse a line. Nothing here renders a port, a path,
a duration or a run id, so that committed notebooks stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final
from urllib.parse import quote

from markupsafe import Markup, escape

from helpers.core.commands import complete
from helpers.core.redaction import sanitize

__all__ = [
    "Tone",
    "View",
    "canvas",
    "fold",
    "folded",
    "headline",
    "picture",
    "prose",
    "stack",
    "table",
    "tag",
    "with_code",
]

# JupyterLab sets every cell flush right, and drops style sheets from notebooks it doesn't trust
_HEAD: Final = Markup('<th style="text-align:left">{}</th>')
_CELL: Final = Markup('<td style="text-align:left">{}</td>')
_SHORT_CELL: Final = Markup('<td style="text-align:left;white-space:nowrap">{}</td>')
_MOST_ROWS: Final = 1000  # of a table; what is left out is counted below it
_LONGEST: Final = 2000  # characters of a cell
_SHORT: Final = 18  # characters: a date, an id, a fingerprint stay on one line


_TAG: Final = Markup(
    '<span style="background:{};color:{};border-radius:3px;padding:1px 5px;'
    'white-space:nowrap">{}</span>'
)


class Tone(Enum):
    """What a tag means, by its colours: background and ink, readable on any page."""

    GOOD = ("#dff3e3", "#14502a")
    BAD = ("#fbdfdf", "#8a1616")
    WARN = ("#fdeec6", "#664400")
    NOTE = ("#dde9fb", "#1c3f86")


@dataclass(frozen=True)
class View:
    """Something to look at. JupyterLab and GitHub show `html`, terminals and nbval `text`."""

    html: Markup
    text: str

    def _repr_html_(self) -> str:
        return str(self.html)

    def __repr__(self) -> str:
        return self.text


def prose(sentence: str) -> View:
    """A sentence, with its commands as a person can paste them."""
    seen = sanitize(complete(sentence))
    return View(Markup("<p>{}</p>").format(with_code(seen)), seen)


def headline(sentence: str) -> View:
    """The sentence that sums a view up."""
    seen = sanitize(sentence)
    return View(Markup("<p><strong>{}</strong></p>").format(with_code(seen)), seen)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> View:
    """A table; `empty` is the sentence that stands where there is no row. Markup cells pass.

    Only the first 1,000 rows are shown, and of a longer text the beginning; a sentence below says
    how many rows are left out.
    """
    every = iter(rows)
    kept = [tuple(_seen(cell) for cell in row) for row in islice(every, _MOST_ROWS)]
    more = sum(1 for _ in every)
    if not kept:
        return prose(empty)
    shown = _table(columns, kept)
    return stack(shown, prose(f"… and {more:,} more, which are not shown here.")) if more else shown


def _table(columns: Sequence[str], kept: Sequence[Sequence[str]]) -> View:
    titles = [sanitize(column) for column in columns]
    head = Markup("").join(_HEAD.format(title) for title in titles)
    body = Markup("").join(_row(row) for row in kept)
    html = Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)
    return View(html, _text(titles, kept))


def tag(text: str, tone: Tone) -> Markup:
    """A word for a cell, on a ground of its tone; the word alone says it too."""
    background, ink = tone.value
    return _TAG.format(background, ink, sanitize(text))


def picture(svg: Markup, text: str) -> View:
    """A picture as an image, with an alternative text.

    Inline SVG is taken out of notebooks on GitHub, and in JupyterLab where one isn't trusted; an
    image is not. It follows neither the page's colours nor its pointer, so it brings its own.

    The address is percent-encoded and not base64: base64 of ordinary words can resemble a token,
    and a secret in it would hide from the redactor.
    """
    seen = sanitize(text)
    html = Markup('<img alt="{}" style="max-width:100%" src="data:image/svg+xml,{}">')
    return View(html.format(seen, quote(str(svg), safe="/:=,;()")), seen)


def canvas(width: int, height: int, label: str, body: Markup) -> Markup:
    """An SVG document for `picture`, sizes in pixels, with a ground of its own.

    Classes: `line` for outlines, `dim` for quiet text, `onfill` for text on a coloured shape. The
    colours follow a dark browser.
    """
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" '
        'viewBox="-12 -12 {} {}" width="{}" height="{}"><style>{}</style>'
        '<rect class="ground" x="-11.5" y="-11.5" width="{}" height="{}" rx="6"/>{}</svg>'
    ).format(
        *(sanitize(label), width + 24, height + 24, width + 24, height + 24, _CANVAS),
        *(width + 23, height + 23, body),
    )


_CANVAS: Final = Markup(
    "text{font:12px system-ui,sans-serif;fill:#1f2328}.ground{fill:#fff;stroke:#d0d7de}"
    ".line{fill:none;stroke:#59636e}.dim{fill:#59636e}.onfill{fill:#fff}"
    "@media screen and (prefers-color-scheme:dark){text{fill:#e6edf3}"
    ".ground{fill:#161b22;stroke:#3d444d}.line{stroke:#9198a1}.dim{fill:#9198a1}"
    ".onfill{fill:#fff}}"
)


def fold(title: str, text: str) -> View:
    """A long list behind its title: folded on a page, written out in text."""
    seen, more = sanitize(title), sanitize(text)
    html = Markup("<details><summary>{}</summary><p>{}</p></details>")
    return View(html.format(with_code(seen), with_code(more)), f"{seen} {more}")


def folded(title: str, view: View) -> View:
    """A view behind its title: folded on a page, written out in text."""
    seen = sanitize(title)
    html = Markup("<details><summary>{}</summary>{}</details>")
    return View(html.format(with_code(seen), view.html), f"{seen}\n{view.text}")


def stack(*views: View) -> View:
    """Views one below the other."""
    return View(
        Markup("\n").join(view.html for view in views), "\n\n".join(view.text for view in views)
    )


def with_code(text: str) -> Markup:
    """What stands between backticks, set as code; everything escaped."""
    first, *pairs = re.split(r"`([^`]+)`", text)
    marked = (
        Markup("<code>{}</code>{}").format(code, rest)
        for code, rest in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return escape(first) + Markup("").join(marked)


def _seen(cell: object) -> str:
    if isinstance(cell, Markup):
        return cell
    text = str(cell)
    return sanitize(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _row(row: Sequence[object]) -> Markup:
    return Markup("<tr>{}</tr>").format(Markup("").join(_cell(cell) for cell in row))


def _cell(cell: object) -> Markup:
    if isinstance(cell, Markup):
        return _CELL.format(cell)
    text = str(cell)
    return (_SHORT_CELL if len(text) <= _SHORT else _CELL).format(with_code(text))


def _plain(cell: object) -> str:
    return cell.striptags() if isinstance(cell, Markup) else str(cell)


def _text(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = [[_plain(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
    ]
    return "\n".join((lines[0], "  ".join("-" * width for width in widths), *lines[1:]))
