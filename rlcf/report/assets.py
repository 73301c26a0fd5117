"""The page's scripts and style sheet, as elements that a page holds itself, and the policy that allows no
more.

Browsers run nothing but these scripts, which the policy names by their hashes, and ask no network for
anything. Programs are coloured by Prism, whose `tokenize` gives data where other highlighters give HTML: what
a model wrote is never parsed as HTML. Its licence and uPlot's are in the page.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

LIBRARIES = ("prism", "uPlot")
SCRIPTS = ("columns.js", "source.js", "program.js", "list.js", "compare.js", "charts.js", "page.js")
"""In the order in which they need each other."""


@cache
def scripts() -> str:
    """The elements, in order."""
    return "".join(f"<script>{text}</script>" for text in _texts())


@cache
def style() -> str:
    """The style sheets, in one element."""
    return f"<style>{_read('vendor/uPlot.css')}\n{_read('page.css')}</style>"


@cache
def sections() -> str:
    """What the scripts fill."""
    return _read("sections.html")


def policy(*, live: bool) -> str:
    """The element that tells the browser what it may do; `live`: also ask where the page came from."""
    hashes = " ".join(f"'sha256-{_hash(text)}'" for text in _texts())
    asked = "'self'" if live else "'none'"
    rules = (
        "default-src 'none'",
        f"script-src {hashes}",
        "style-src 'unsafe-inline'",
        "img-src data:",
        f"connect-src {asked}",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


@cache
def _texts() -> tuple[str, ...]:
    # Prism would look for programs in the page by itself.
    manual = "window.Prism = { manual: true };\n"
    before = {"prism": manual}
    libraries = [
        f"/*\n{_read(f'vendor/{name}.LICENSE')}*/\n{before.get(name, '')}{_read(f'vendor/{name}.js')}"
        for name in LIBRARIES
    ]
    return (*libraries, *(_read(name) for name in SCRIPTS))


def _read(name: str) -> str:
    return (files("rlcf.report") / "web" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
