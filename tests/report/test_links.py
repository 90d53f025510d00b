"""Evidence links to the line at the commit, where the repository's host is a known one."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.model import CodeState, Evidence, FilePlace, Status
from helpers.report.links import source_address
from helpers.report.markdown import to_markdown
from helpers.report.page import to_html
from tests.report.samples import SUBJECT, finding, report

COMMIT = "3f8e21ac" * 5
HOSTS = ("github.com", "gitlab.com", "bitbucket.org")


def code(remote: str) -> CodeState:
    return CodeState(name="bot", remote=remote)


def place(path: str = "src/a b.py", line: int = 7, commit: str = COMMIT) -> FilePlace:
    return FilePlace(path=path, line=line, commit=commit)


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/acme/bot.git", f"github.com/acme/bot/blob/{COMMIT}/src/a%20b.py#L7"),
        ("github.com:acme/bot.git", f"github.com/acme/bot/blob/{COMMIT}/src/a%20b.py#L7"),
        ("ssh://github.com:22/acme/bot", f"github.com/acme/bot/blob/{COMMIT}/src/a%20b.py#L7"),
        (
            "https://gitlab.com/acme/sub/bot.git",
            f"gitlab.com/acme/sub/bot/-/blob/{COMMIT}/src/a%20b.py#L7",
        ),
        (
            "https://bitbucket.org/acme/bot",
            f"bitbucket.org/acme/bot/src/{COMMIT}/src/a%20b.py#lines-7",
        ),
    ],
)
def test_a_place_has_an_address_at_its_host(remote: str, address: str) -> None:
    assert source_address(code(remote), place()) == f"https://{address}"


def test_a_place_without_a_line_links_to_the_file() -> None:
    found = source_address(code("https://github.com/acme/bot"), place(line=0))
    assert found.endswith("/src/a%20b.py")


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "https://git.example.com/acme/bot.git",
        "https://github.com.evil.example/acme/bot.git",
        "https://evil.example/github.com/acme/bot.git",
        "https://github.com/acme/../bot",
        "javascript://github.com/acme/bot",
        'https://github.com/acme/bot"onclick=x',
        "/srv/git/bot.git",
    ],
)
def test_another_host_or_an_odd_address_has_no_link(remote: str) -> None:
    assert source_address(code(remote), place()) == ""


@pytest.mark.parametrize("commit", ["", "HEAD", "3f8e21", "x" * 40])
def test_without_a_whole_commit_there_is_no_link(commit: str) -> None:
    assert source_address(code("https://github.com/acme/bot"), place(commit=commit)) == ""


@given(st.text(), st.text(st.characters(exclude_characters="\0"), min_size=1), st.integers())
def test_a_link_never_leads_anywhere_else(remote: str, path: str, line: int) -> None:
    for address in (remote, f"https://github.com/{remote}", f"github.com:acme/{remote}"):
        found = source_address(code(address), place(path, line))
        assert not found or urlsplit(found).netloc in HOSTS
        assert not set(found) & set("\"'<>()[] \n\\")


def test_html_and_markdown_link_the_evidence() -> None:
    seen = Evidence(what="Added", where="src/a b.py:7", place=place())
    subject = SUBJECT.model_copy(update={"repository": code("https://github.com/acme/bot.git")})
    made = report(finding(status=Status.FAIL, evidence=(seen,)), subject=subject)
    address = f"https://github.com/acme/bot/blob/{COMMIT}/src/a%20b.py#L7"
    assert f'href="{address}"' in to_html(made)
    assert f"]({address})" in to_markdown(made)
