"""The form keeps what the command line keeps, by the same rules, and one question at a time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from helpers.access.attestations import PLACES, QUESTIONS, TOKENS, read_attestations
from helpers.access.form import AttestationForm, open_attestations
from helpers.core.context import Context
from helpers.core.model import Known
from helpers.core.policy import Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Step:
    """A step that a form changes facts of."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.updates: list[dict[str, Any]] = []

    def update(self, **facts: Any) -> None:
        self.updates.append(facts)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    tokens = {name: secrets.token_hex(30) for name in TOKENS.values()}
    settings = load_settings(Profile.PRODUCTION, tmp_path, environ=tokens)
    return Step(
        Context(
            settings=settings,
            policy=Policy(),
            redactor=Redactor(),
            repo=tmp_path,
            state=tmp_path / "state",
            clock=lambda: NOW,
        )
    )


@pytest.fixture
def form(step: Step) -> AttestationForm:
    opened = open_attestations(step)
    opened._form()
    return opened


def asked(form: AttestationForm) -> str:
    return str(form._widgets["asked"].value)


def keep(form: AttestationForm, **given: Any) -> str:
    for name, value in given.items():
        form._widgets[name].value = value
    form._guarded(form.keep)
    return str(form._widgets["said"].value)


def test_it_asks_the_first_open_question_and_says_where_to_check_it(form: AttestationForm) -> None:
    first = next(iter(QUESTIONS))
    assert QUESTIONS[first] in asked(form)
    assert "Authentication methods" in asked(form)
    assert "8 of 8 questions are open" in asked(form)
    assert "dated 2026-03-02 and holds until 2026-08-29" in asked(form)


def test_an_answer_is_kept_with_name_date_and_hash_and_the_next_question_follows(
    form: AttestationForm, step: Step, tmp_path: Path
) -> None:
    picture = tmp_path / "shot.png"
    picture.write_bytes(b"what was seen")
    digest = hashlib.sha256(b"what was seen").hexdigest()
    said = keep(form, answer="yes", by=" Ada ", days=30, picture=str(picture))
    assert "Kept: two-factor, yes, by Ada, until 2026-04-01." in said
    assert digest in said
    (kept,) = read_attestations(step.context.state)
    assert (kept.question, kept.answer, kept.by) == ("two-factor", "yes", "Ada")
    assert (kept.on, kept.evidence_sha256) == (NOW.date(), digest)
    assert step.updates == [{"attestations": Known((kept,))}]
    assert QUESTIONS["single-sign-on"] in asked(form)
    assert "7 of 8 questions are open" in asked(form)
    assert form._widgets["answer"].value is None
    assert form._widgets["picture"].value == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"by": "Ada"}, "The question was not answered."),
        ({"answer": "yes"}, "An answer needs the name of a person."),
        ({"answer": "yes", "by": "  "}, "An answer needs the name of a person."),
        ({"answer": "yes", "by": "Ada", "picture": "/nowhere/shot.png"}, "/nowhere/shot.png"),
        ({"answer": "yes", "by": "Ada", "picture": "/dev/null"}, "/dev/null is not a file."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    form: AttestationForm, step: Step, given: dict[str, str], said: str
) -> None:
    assert said in keep(form, **given)
    assert read_attestations(step.context.state) == ()
    assert step.updates == []


def test_a_question_is_chosen_and_answered_again(form: AttestationForm, step: Step) -> None:
    form._widgets["question"].value = "roles"
    keep(form, answer="no", by="Ada")
    form._widgets["question"].value = "roles"
    assert "Last answer: no, by Ada on 2026-03-02" in asked(form)
    keep(form, answer="yes", by="Bob")
    assert [(a.answer, a.by) for a in read_attestations(step.context.state)] == [("yes", "Bob")]


def test_an_expired_answer_opens_its_question_again(form: AttestationForm, step: Step) -> None:
    keep(form, answer="yes", by="Ada", days=1)
    step.context.clock = lambda: datetime(2026, 3, 4, tzinfo=UTC)
    again = open_attestations(step)
    again._form()
    assert QUESTIONS["two-factor"] in asked(again)


def test_when_all_are_answered_it_says_so(form: AttestationForm) -> None:
    for _ in QUESTIONS:
        keep(form, answer="yes", by="Ada")
    assert "Every question is answered." in asked(form)


def test_nothing_is_kept_for_a_workspace_that_was_not_shown(
    form: AttestationForm, step: Step, tmp_path: Path
) -> None:
    step.context = replace(step.context, state=tmp_path / "other")
    assert "nothing was kept" in keep(form, answer="yes", by="Ada")
    assert not (tmp_path / "state").exists()
    assert not (tmp_path / "other").exists()


def test_damaged_answers_are_a_sentence(step: Step) -> None:
    step.context.state.mkdir()
    (step.context.state / "attestations.json").write_text("[{]")
    form = open_attestations(step)
    form._form()
    assert "can&#39;t be read" in form._widgets["said"].value


def test_a_run_without_a_person_answers_nothing(
    step: Step, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    open_attestations(step)._ipython_display_()
    assert "answers nothing" in capsys.readouterr().out
    assert not step.context.state.exists()


def test_every_question_says_where_to_check_it() -> None:
    assert list(PLACES) == list(QUESTIONS)


def test_an_answer_about_a_token_has_its_fingerprint(form: AttestationForm, step: Step) -> None:
    for question, variable in TOKENS.items():
        keep(form, question=question, answer="yes", by="Ada")
        credential = step.context.settings.credential(variable)
        kept = {a.question: a.fingerprint for a in read_attestations(step.context.state)}
        assert credential
        assert kept[question] == credential.fingerprint
