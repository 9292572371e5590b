"""The page of effects: the chain and the inputs of the shader that is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.panel.conftest import Driven
from visualizer import parameters, paths
from visualizer.panel import wording

INPUTS = '{"NAME": "inputImage", "TYPE": "image"}, {"NAME": "inkAmount", "TYPE": "float", "DEFAULT": 0.25}'


@pytest.fixture
def filters(driven: Driven, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three filters that are dropped into the user's folder while the panel is open."""
    folder = tmp_path / "shaders"
    folder.mkdir()
    for name in ("one", "two", "three"):
        text = f'/*{{"DESCRIPTION": "{name}.", "INPUTS": [{INPUTS}]}}*/ void main() {{}}'
        (folder / f"{name}.fs").write_text(text)
    monkeypatch.setattr(paths, "SHADERS", folder)
    monkeypatch.setattr(paths, "config_dir", lambda: tmp_path / "nowhere")
    parameters.declare(*parameters.changes_of_shaders())
    driven.panel.on_declared()
    yield folder
    monkeypatch.undo()
    parameters.declare(*parameters.changes_of_shaders())
    driven.panel.on_declared()
    driven.step()


def shown(driven: Driven) -> list[str]:
    """The filters from top to bottom."""
    page = driven.window.effects
    page.layout().activate()
    return sorted(page.rows, key=lambda name: page._filters.indexOf(page.rows[name]))


def test_filters_are_switched_moved_and_set(driven: Driven, filters: Path) -> None:
    page = driven.window.effects
    assert shown(driven) == ["one", "three", "two"]
    page.rows["two"].switch.widget.click()
    driven.step()
    assert driven.set() == {"shader.two.on": True}
    page.move_filter("two", -1)
    driven.step()
    assert driven.set() == {"chain.order": "one, two"} and shown(driven) == ["one", "two", "three"]
    driven.hear(**{"chain.order": "one, two"})  # the parent confirms, then somebody else moves one
    driven.hear(**{"chain.order": "three"})
    assert shown(driven) == ["three", "one", "two"]
    page.rows["two"].press.click()
    assert page.inputs.shader == "two" and "shader.two.inkAmount" in driven.window.controls.by_id
    control = driven.window.controls.by_id["shader.two.inkAmount"][-1]
    assert control.label.text() == "Ink Amount" and page.about.text() == "two."
    page.rows["one"].press.click()
    assert page.inputs.shader == "one" and "shader.two.inkAmount" not in driven.window.controls.by_id
    page.rows["one"].press.click()
    assert page.inputs._inside is None
    driven.hear(**{"chain.order": ""})


def test_what_comes_and_goes_is_followed(driven: Driven, filters: Path) -> None:
    page = driven.window.effects
    page.choose("two")
    (filters / "two.fs").unlink()
    (filters / "four.fs").write_text(f'/*{{"INPUTS": [{INPUTS}]}}*/ void main() {{}}')
    parameters.declare(*parameters.changes_of_shaders())
    driven.panel.on_declared()
    driven.step()
    assert shown(driven) == ["four", "one", "three"] and page.chosen == ""
    driven.hear(**{"shader.four.on": True})
    assert page.rows["four"].switch.widget.isChecked()


def test_failing_shaders_are_named(driven: Driven) -> None:
    page = driven.window.effects
    problems = {"shaders": {"problems": {"mine": "Shader mine.fs does not compile: line 3."}}}
    driven.panel.on_command({"status": {"display": {"state": "running", "health": problems}}})
    page.refresh()
    assert "line 3" in page.problems.text() and not page._problems_card.isHidden()
    driven.panel.on_command({"status": {"display": {"state": "running", "health": {}}}})
    page.refresh()
    assert page._problems_card.isHidden()


def test_names_are_written_for_people() -> None:
    make = parameters.Parameter
    assert wording.label(make("shader.a.glowSize", "float", 0.0, "glowSize")) == "Glow Size"
    assert wording.label(make("shader.a.x", "float", 0.0, "How far it goes")) == "How far it goes"
    assert wording.label(make("shader.a.mix", "float", 0.0, "How much of this filter is seen.")) == "Mix"
    assert len(wording.label(make("shader.a." + "long" * 20, "float", 0.0, ""))) <= 18
