"""Builds the documentation as a site: python .ci/site.py FOLDER

The pages are those of docs/, as a reader of the repository has them, with those of the root.
Links that lead out of docs/ are made to lead to these, and files of the repository that a page links to (an
example, a Dockerfile) become pages of their own. Zensical then builds strictly: a dead link or anchor
ends it, and so does a page that the navigation lacks. Not covered: links to other sites.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOT_PAGES = ("RESULTS.md", "LOG.md", "CHANGELOG.md", "CONTRIBUTING.md")
CONFIG = "zensical.toml"
LINK = re.compile(r"(!?\[[^\]]*\]\()(?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
KINDS = {".py": "python", ".yaml": "yaml", ".toml": "toml", "": "dockerfile"}


class Stage:
    """The folder that Zensical builds from, with the pages that have been put into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.placed: set[str] = set()

    def page(self, source: Path) -> str:
        """Puts a page or file of the repository into the folder, with what it links to; returns its place."""
        name = source.relative_to(ROOT).as_posix().removeprefix("docs/")
        is_page, is_picture = source.suffix == ".md", source.suffix in (".svg", ".png")
        place = "index.md" if name == "README.md" else name if is_page or is_picture else f"files/{name}.md"
        if place in self.placed or name == "README.md":
            return place
        self.placed.add(place)
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_picture:
            shutil.copyfile(source, target)
            return place
        text = source.read_text(encoding="utf-8")
        if is_page:
            text = self._led_on(text, source, place)
        else:
            text = f"# {name}\n\n```{KINDS.get(source.suffix, '')}\n{text.rstrip()}\n```\n"
        target.write_text(text, encoding="utf-8")
        return place

    def _led_on(self, text: str, source: Path, place: str) -> str:
        """The page with its links as they are in the site, but for those in blocks of code."""
        code = FENCED.findall(text)
        prose = FENCED.split(text)
        parts = [LINK.sub(lambda link: self._link(link, source, place), part) for part in prose]
        return "".join(part + block for part, block in zip(parts, [*code, ""], strict=True))

    def _link(self, link: re.Match[str], source: Path, place: str) -> str:
        opening, path, anchor = link.groups()
        target = (source.parent / path).resolve()
        if target.is_dir():
            target /= "README.md"
        if not target.is_file() or not target.is_relative_to(ROOT):
            sys.exit(f"{source.relative_to(ROOT)}: links to {path}, which is not here")
        to = os.path.relpath(self.page(target), Path(place).parent)
        return f"{opening}{to}{anchor or ''})"


def in_navigation(entry: object) -> set[str]:
    """The pages below an entry of the navigation."""
    if isinstance(entry, str):
        return {entry}
    entries = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
    return set().union(*map(in_navigation, entries))


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the documentation as a site.")
    parser.add_argument(
        "folder", type=Path, help="where the site goes; what is there of an earlier one is replaced"
    )
    out = parser.parse_args().folder.resolve()
    with tempfile.TemporaryDirectory() as aside:
        stage = Stage(Path(aside) / "docs")
        for source in [*sorted((ROOT / "docs").rglob("*.md")), *(ROOT / name for name in ROOT_PAGES)]:
            stage.page(source)
        config = (ROOT / "docs" / CONFIG).read_text(encoding="utf-8")
        named = in_navigation(tomllib.loads(config)["project"]["nav"])
        pages = {place for place in stage.placed if place.endswith(".md") and not place.startswith("files/")}
        if named != pages:
            sys.exit(
                f"docs/{CONFIG}: the navigation and the pages differ: {', '.join(sorted(named ^ pages))}"
            )
        placed = config.replace("[project]\n", '[project]\ndocs_dir = "docs"\nsite_dir = "site"\n', 1)
        (Path(aside) / CONFIG).write_text(placed, encoding="utf-8")
        build = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", f"{aside}/{CONFIG}"]
        status = subprocess.run(build, check=False).returncode
        if status == 0:
            if (out / "sitemap.xml").exists() or not out.exists() or not any(out.iterdir()):
                shutil.rmtree(out, ignore_errors=True)
                shutil.copytree(Path(aside) / "site", out)
            else:
                sys.exit(f"{out}: is not empty and no site")
    return status


if __name__ == "__main__":
    sys.exit(main())
