"""What stands around the outputs of a notebook: what is audited, and where the reader is."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from helpers.core.context import Context
from helpers.core.redaction import sanitize
from helpers.core.settings import Profile
from helpers.core.steps import STEPS
from helpers.core.view import Tone, View, stack, tag

__all__ = ["auditing", "progress", "stale", "under"]

_NOTEBOOKS: Final = (
    ("00_start_here", "Start here"),
    *((step.notebook, step.title) for step in STEPS),
    ("09_security_checklist", "Security checklist"),
)
_DIM: Final = Markup('<p style="opacity:.75;margin:0 0 .4em">{}</p>')
_LINK: Final = Markup('<a href="{}.ipynb">{}</a>')
_STALE: Final = (
    "The choices have changed: this is from before. Run this cell and those above again."
)


def auditing(context: Context) -> str:
    """`Auditing: production · repository shop`: what every output of a notebook is about."""
    settings, repo = context.settings, context.repo.name
    kind = "the demo" if settings.profile is Profile.SANDBOX else settings.profile
    known = "" if kind == settings.name else f" ({kind})"
    return f"Auditing: {settings.name}{known} · repository {repo}"


def under(about: str, view: View) -> View:
    """A view below a small line that says what it is about."""
    seen = sanitize(about)
    return stack(View(_DIM.format(seen), seen), view)


def stale(view: View) -> View:
    """A view that is from before a change of the choices, and says so."""
    html = Markup("<p>{} {}</p>").format(tag("OUT OF DATE", Tone.WARN), _STALE)
    return stack(View(html, f"OUT OF DATE. {_STALE}"), view)


def progress(notebook: str) -> View:
    """The place of a notebook among all, with links to the one before and the one after."""
    names = [name for name, _ in _NOTEBOOKS]
    at = names.index(notebook)
    marks = Markup(" ").join(_mark(number, at) for number in range(len(names)))
    before = _step_to(at - 1, "← {}") if at else Markup("")
    after = _step_to(at + 1, "{} →") if at + 1 < len(names) else Markup("")
    links = Markup(" · ").join(link for link in (before, after) if link)
    said = f"Notebook {at + 1} of {len(names)}"
    html = Markup("<p>{} &nbsp; {}</p><p>{}</p>").format(said, marks, links)
    return View(html, f"{said}. {links.striptags()}")


def _mark(number: int, at: int) -> Markup:
    name = _NOTEBOOKS[number][0]
    return tag(name[:2], Tone.GOOD) if number == at else _LINK.format(name, name[:2])


def _step_to(number: int, form: str) -> Markup:
    name, title = _NOTEBOOKS[number]
    return _LINK.format(name, form.format(f"{name[:2]} · {title}"))
