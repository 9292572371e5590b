"""What the documents name exists: commands, options, parameters, addresses, keys, links; commands run.

Commands are taken from boxes without a language. Run are those of the README and the guide that end by
themselves and ask for nothing that only a reader has, such as a song.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.virtual import VirtualScreen
from visualizer import cli, parameters
from visualizer.control import keys
from visualizer.control.osc_addresses import TABLE
from visualizer.parameters import PARAMETERS
from visualizer.types import UserError

ROOT = Path(__file__).resolve().parent.parent
README, GUIDE = ROOT / "README.md", ROOT / "docs" / "guide.md"
PAGES = sorted([README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("**/*.md")])
PLAYERS = [README, *sorted((ROOT / "docs").glob("*.md"))]
"""For performers: what they name is there. Decisions and the changelog tell of what was."""
BOX = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
ALONE = {"devices", "parameters", "presets", "osc", "midi"}
FIRST = {id.partition(".")[0] for id in PARAMETERS}
FILES = (".json", ".jsonl", ".toml", ".md", ".py", ".txt", ".fs", ".vs", ".mp4", ".png", ".broken", ".onnx")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def without_boxes(page: Path) -> str:
    return BOX.sub("", page.read_text("utf-8"))


def boxed(page: Path) -> Iterator[str]:
    """Lines of the boxes that hold commands, without their comments."""
    for language, box in BOX.findall(page.read_text("utf-8")):
        if not language:
            yield from (re.split(r"\s{2,}[#(]", line)[0].strip() for line in box.splitlines())


def inline(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", without_boxes(page))


def commands(page: Path, all_of_them: bool = True) -> list[list[str]]:
    """What follows `klangbild`, as words, wherever it is written."""
    lines = [*boxed(page), *(inline(page) if all_of_them else ())]
    found = [re.match(r"(?:\.venv/bin/|python run\.py |)klangbild\b(?!\.)(.*)", line) for line in lines]
    return [shlex.split(match[1].split(" | ")[0]) for match in found if match]


@functools.cache
def help_of(*command: str) -> str:
    """What `--help` prints."""
    run = subprocess.run(
        [sys.executable, "run.py", *command, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return run.stdout


def verbs(words: list[str]) -> list[str]:
    """The command, with its own verb where it has some."""
    first = words[:1] if words and words[0] in cli.COMMANDS else []
    second = words[1:2] if first and re.match(r"[a-z]+$", "".join(words[1:2])) else []
    if not second or not re.search(rf"^ +{second[0]}(  |$)", help_of(*first), re.M):
        return first
    return [*first, *second]


@pytest.mark.parametrize("page", PLAYERS, ids=name)
def test_commands_and_options_exist(page: Path) -> None:
    for words in commands(page):
        if words and not words[0].startswith("-"):
            assert words[0] in cli.COMMANDS or words[0].isupper(), words
        options = {word.partition("=")[0] for word in words if re.match(r"--\w", word)}
        known = set(re.findall(r"--[\w-]+", help_of(*(verbs(words) or ["live"])) if options else ""))
        assert options <= known | {"--version", "--help"}, (words, options - known)


@pytest.mark.parametrize("page", PLAYERS, ids=name)
def test_values_that_are_set_exist(page: Path) -> None:
    written = [
        words[i + 1] for words in commands(page) for i, word in enumerate(words[:-1]) if word == "--set"
    ]
    for text in written:
        if not text.startswith(("ID=", "id=")) and "…" not in text:
            try:
                parameters.parse_assignment(text)
            except UserError as error:
                pytest.fail(f"--set {text}: {error}")


def is_there(id: str) -> bool:
    """Whether it is a parameter, or what several begin with; N, NAME and * stand for anything."""
    pattern = re.escape(id).replace(r"\*", r".*").replace("NAME", r"[\w-]+")
    pattern = re.sub(r"\bN\b", r"\\d+", pattern)
    return any(re.fullmatch(rf"{pattern}(\..*)?", known) for known in PARAMETERS)


@pytest.mark.parametrize("page", PLAYERS, ids=name)
def test_parameters_in_backticks_exist(page: Path) -> None:
    for written in inline(page):
        id = written.partition("=")[0]
        if (
            re.fullmatch(r"[a-z]+(\.[\w*-]+)+", id)
            and id.partition(".")[0] in FIRST
            and not id.endswith(FILES)
        ):
            is_example = id.startswith("shader.") and id.endswith((".input", ".mix_"))
            assert is_there(id) or is_example, written


@pytest.mark.parametrize("page", PLAYERS, ids=name)
def test_osc_addresses_exist(page: Path) -> None:
    for written in re.findall(r"(?<![\w.])/klangbild/[\w/]+(?![\w/{*\[…])", page.read_text("utf-8")):
        path = re.sub(r"/N/", "/1/", written.rstrip("/"))
        is_family = any(known.startswith((f"{path}/", f"{path}_")) for known in TABLE)
        assert path in TABLE or is_family, written


def test_keys_that_are_named_are_on_the_card() -> None:
    labels = {binding.label for binding in keys.BINDINGS}
    for page in PLAYERS:
        for written in re.findall(r"\b(?:Ctrl|Shift) (?:[A-Z]|\d)\b", without_boxes(page)):
            assert written in labels or written == "Ctrl C", (name(page), written)  # the terminal's own


def test_the_reference_is_what_is_declared() -> None:
    command = [sys.executable, "scripts/reference.py", "--print"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    written = (ROOT / "docs" / "reference.md").read_text("utf-8")
    new = [line for line in told.splitlines() if line not in written.splitlines()]
    assert written == told, f"docs/reference.md is stale: run `make reference`. New: {new[:3]}"


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", without_boxes(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_boxes(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in slugs(file), target


def test_every_document_is_reached_from_the_readme() -> None:
    listed = README.read_text("utf-8")
    missing = [page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in listed]
    assert missing == []


def runs_here(words: list[str]) -> bool:
    """Whether it ends by itself and needs nothing but this machine."""
    if words[:1] == ["live"] or words[:2] == ["render", "demo"]:
        return "--duration" in words
    return words in [[word] for word in ALONE] or words[:2] == ["show", "export"]


@pytest.mark.timeout(180)
def test_the_guides_and_the_readmes_commands_run(screen: VirtualScreen, tmp_path: Path) -> None:
    found = [words for page in (GUIDE, README) for words in commands(page, False) if runs_here(words)]
    home = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "CACHE")}
    for words in dict.fromkeys(map(tuple, found)):
        run = subprocess.run(
            [sys.executable, str(ROOT / "run.py"), *words],
            cwd=tmp_path,
            env={**os.environ, **home},
            capture_output=True,
            text=True,
            timeout=150,
        )
        is_bare = words == ("devices",) and "No input device" in run.stdout + run.stderr
        assert run.returncode == 0 or is_bare, (words, run.stdout[-500:], run.stderr[-2000:])
    assert {words[0] for words in found} >= {"live", "devices", "show", "render", "parameters"}
    assert (tmp_path / "night.mp4").stat().st_size > 1000 and (tmp_path / "friday.json").exists()
