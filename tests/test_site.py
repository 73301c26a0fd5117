"""The documentation's site: it builds strictly, no link of it is dead, and every page is in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / ".ci/site.py").is_file(), reason="a copy without .ci")


class Page(HTMLParser):
    """What a built page links to, loads, and can be linked to in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in ("img", "script", "iframe") and "src" in found:
            self.loads.append(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.loads.append(found["href"])


def build(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / ".ci/site.py"), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """The pages by their places."""
    out = tmp_path_factory.mktemp("site") / "site"
    done = build(ROOT, out)
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        path.relative_to(out).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in out.rglob("*.html")
    } | {path.relative_to(out).as_posix(): Page("") for path in out.rglob("*") if path.suffix != ".html"}


def test_every_link_of_the_site_leads_somewhere(site: dict[str, Page]) -> None:
    dead, followed = [], 0
    for place, page in site.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or place == "404.html":
                continue
            folder = Path("/site", place).parent
            target = (folder / unquote(parts.path)).resolve() if parts.path else Path("/site", place)
            if link.endswith("/") or target == Path("/site"):
                target /= "index.html"
            name = target.relative_to("/site").as_posix()
            followed += 1
            if name not in site or (parts.fragment and unquote(parts.fragment) not in site[name].anchors):
                dead.append(f"{place}: {link}")
    assert dead == []
    assert followed > 1000


def test_every_page_is_in_the_site_and_the_search(site: dict[str, Page]) -> None:
    pages = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    places = {
        (path.with_name("index") if path.name == "README" else path).as_posix() + ".html" for path in pages
    }
    assert places - set(site) == set()
    assert {"RESULTS.html", "CHANGELOG.html", "files/examples/grade_a_file.py.html"} <= set(site)
    assert "search.json" in site


def test_the_site_loads_nothing_from_elsewhere(site: dict[str, Page]) -> None:
    assert [load for page in site.values() for load in page.loads if urlsplit(load).netloc] == []


@pytest.mark.parametrize(
    ("page", "text", "told"),
    [
        ("faq", "[x](nowhere.html)", "nowhere.html, which is not here"),
        ("faq", "[x](#no-such-section)", "anchor does not exist"),
        ("stray", "# Stray", "pages differ: stray"),
    ],
)
def test_what_leads_nowhere_ends_the_build(tmp_path: Path, page: str, text: str, told: str) -> None:
    copy = tmp_path / "copy"
    for name in ("docs", ".ci", "examples", "benchmarks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for markdown in ROOT.glob("*.md"):
        shutil.copy(markdown, copy)
    with (copy / "docs" / f"{page}.md").open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")
    done = build(copy, tmp_path / "site")
    assert done.returncode != 0
    assert told in done.stdout + done.stderr
    assert not (tmp_path / "site").exists()
