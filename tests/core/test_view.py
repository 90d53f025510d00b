"""What a person sees is escaped, and a picture is an image that any notebook shows."""

from __future__ import annotations

import re
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from markupsafe import Markup

from helpers.core.redaction import Redactor
from helpers.core.view import View, canvas, picture


def drawn(view: View) -> str:
    """The SVG document in a picture's address."""
    found = re.fullmatch(
        r'<img alt="[^"]*" style="[^"]*" src="data:image/svg\+xml,([^"<> ]+)">', str(view.html)
    )
    assert found
    return unquote(found[1])


def test_a_picture_is_an_image_with_an_alternative_text() -> None:
    shown = picture(canvas(10, 20, "a dot", Markup('<circle r="3"/>')), 'a "dot"')
    assert 'alt="a &#34;dot&#34;"' in shown.html
    assert "<svg" not in shown.html
    assert ET.fromstring(drawn(shown)).attrib["width"] == "34"
    assert shown.text == 'a "dot"'


def test_what_is_hostile_is_escaped_once_in_the_drawing() -> None:
    name = "<script>alert('1')</script>&%3C"
    body = Markup("<text>{}</text>").format(name)
    shown = picture(canvas(10, 20, name, body), name)
    root = ET.fromstring(drawn(shown))
    assert root.findtext("{http://www.w3.org/2000/svg}text") == name
    assert "<script" not in shown.html


def test_the_redactor_leaves_a_picture_alone_and_finds_a_secret_in_one() -> None:
    words = Markup("<text>tokens, secrets, tokens are kept in the keyring</text>")
    shown = picture(canvas(10, 20, "tokens, secrets", words), "tokens, secrets")
    redactor = Redactor()
    secret = "0f9e8d7c-" + "6b5a-4c3d-" + "2e1f-aabbccddeeff"
    redactor.register("client_secret", secret)
    assert redactor.text(str(shown.html)) == shown.html
    told = picture(canvas(10, 20, "", Markup("<text>{}</text>").format(secret)), "")
    assert secret not in redactor.text(str(told.html))
