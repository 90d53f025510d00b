from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.errors import UsageError
from helpers.scopes.records import Certainty
from helpers.scopes.usage.scan import find_in, scan

HOST = "https://api.intercom.io"


@pytest.mark.parametrize(
    ("name", "source", "call"),
    [
        ("a.py", f'requests.post("{HOST}/contacts")', "POST /contacts"),
        ("a.py", f'B = "{HOST}"\nhttpx.get(f"{{B}}/tags/{{one}}")', "GET /tags/{id}"),
        (
            "a.py",
            "from intercom import Intercom\nc = Intercom()\nc.events.create()",
            "POST /events",
        ),
        ("a.js", f"fetch(`{HOST}/admins`)", "GET /admins"),
        ("a.ts", f'fetch("{HOST}/tags", {{ method: "POST" }})', "POST /tags"),
        ("a.sh", f"curl -X DELETE {HOST}/tags/12", "DELETE /tags/{id}"),
    ],
)
def test_a_call_is_found_with_its_method_and_route(name: str, source: str, call: str) -> None:
    assert [use.call for use in find_in(source, name)] == [call]


@pytest.mark.parametrize(
    ("name", "source", "call"),
    [
        ("a.py", 'requests.get("https://{sub}.intercom.io/me".format(sub=s))', "GET /me"),
        ("a.js", f"const H = '{HOST}';\nask.call(this, '/tags', 'POST')", "POST /tags"),
        ("a.yaml", f'base: "{HOST}/"\npath: "contacts/search"', "POST /contacts/search"),
        ("a.yaml", f'base: "{HOST}/"\npath: "/tags/{{{{ one.id }}}}"', "GET /tags/{id}"),
    ],
)
def test_a_host_from_a_variable_a_late_method_and_a_named_path_are_read(
    name: str, source: str, call: str
) -> None:
    assert [use.call for use in find_in(source, name)] == [call]


@pytest.mark.parametrize(
    ("call", "now"),
    [
        ('requests.get("{}/users/1")', "GET /contacts/{id}"),
        ('requests.post("{}/bulk/users")', "POST /contacts/bulk"),
        ('requests.get("{}/companies/1/users")', "GET /companies/{id}/contacts"),
    ],
)
def test_a_route_of_the_first_version_needs_the_scope_of_its_successor(call: str, now: str) -> None:
    assert [use.call for use in find_in(call.format(HOST), "a.py")] == [now]


@pytest.mark.parametrize(
    ("client", "between", "user", "call"),
    [
        (
            ("lib/http/client.py", f'BASE = "{HOST}"'),
            ("lib/shared.py", "from lib.http.client import BASE"),
            ("app/jobs/tags.py", "from lib import shared\nshared.client().get('/tags')"),
            "GET /tags",
        ),
        (
            ("src/lib/http/client.ts", f"export const base = '{HOST}';"),
            ("src/shared/index.ts", "export { base } from '../lib/http/client.js';"),
            ("src/app/jobs/tags.ts", "import { c } from '../../shared';\nc.get('/tags');"),
            "GET /tags",
        ),
    ],
    ids=["python", "typescript"],
)
def test_a_relative_path_counts_behind_two_imports_and_only_there(
    tmp_path: Path,
    client: tuple[str, str],
    between: tuple[str, str],
    user: tuple[str, str],
    call: str,
) -> None:
    for name, source in (client, between, user):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    (use,) = scan(tmp_path)
    assert (use.call, use.path, use.sure) == (call, user[0], Certainty.POSSIBLE)
    (tmp_path / between[0]).write_text("")
    assert scan(tmp_path) == ()


TALKS = f'BASE = "{HOST}"\n'


@pytest.mark.parametrize(
    ("name", "source", "calls"),
    [
        ("a.py", 'people = data.get("contacts")', []),
        ("a.py", 'people = answer.json().get("contacts", [])', []),
        ("a.py", 'client.get("contacts")', ["GET /contacts"]),
        ("a.py", 'self.get("contacts")', ["GET /contacts"]),
        ("a.py", 'ask("GET", "contacts")', ["GET /contacts"]),
        ("a.py", '@router.get("/contacts")\ndef own(): ...', []),
        ("a.py", 'app.get("/contacts")', []),
        ("a.js", 'data.get("contacts");', []),
        ("a.js", 'app.get("/contacts", (req, res) => res.end());', []),
        ("a.js", 'this.client.get("contacts");', ["GET /contacts"]),
    ],
)
def test_a_look_into_a_dictionary_and_a_route_of_ones_own_are_no_calls(
    name: str, source: str, calls: list[str]
) -> None:
    head = TALKS if name.endswith("py") else f"const BASE = '{HOST}';\n"
    assert [use.call for use in find_in(head + source, name)] == calls


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "a.py",
            (
                "def one():\n url = BASE + '/tags'\n httpx.get(url)\n"
                "def two():\n url = BASE + '/admins'\n httpx.get(url)\n"
                "def three():\n url = made()\n httpx.get(url)\n"
            ),
        ),
        (
            "a.js",
            (
                "function one() {\n const url = `${BASE}/tags`;\n fetch(url);\n}\n"
                "function two() {\n const url = `${BASE}/admins`;\n fetch(url);\n}\n"
                "function three() {\n const url = made();\n fetch(url);\n}\n"
            ),
        ),
    ],
    ids=["python", "javascript"],
)
def test_a_name_says_what_it_was_bound_to_last(name: str, source: str) -> None:
    head = TALKS if name.endswith("py") else f"const BASE = '{HOST}';\n"
    found = [(use.call, use.line) for use in find_in(head + source, name)]
    lines = (4, 7) if name.endswith("py") else (4, 8)
    assert found == [("GET /tags", lines[0]), ("GET /admins", lines[1])]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        scan(tmp_path / "nowhere")


def test_imports_in_a_ring_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from . import b\nimport a")
    (tmp_path / "b.py").write_text("from .a import x, y\nfrom .....far import z")
    assert scan(tmp_path) == ()


def test_another_service_is_not_taken_for_intercom() -> None:
    source = '# not intercom\nrequests.get("https://api.example.com/contacts")'
    assert find_in(source, "a.py") == ()


@given(st.text(max_size=80), st.sampled_from(["a.py", "a.js", "a.ts", "a.rb"]))
def test_no_text_makes_the_scan_raise(text: str, name: str) -> None:
    find_in(f"intercom {text}", name)
