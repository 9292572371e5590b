"""`klangbild devices`: cameras stand beside the inputs, numbered as era mode takes them."""

import json
from pathlib import Path

import pytest

from visualizer import devices_cli
from visualizer.audio import devices
from visualizer.content import camera


@pytest.fixture
def cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cameras as Linux shows them, one with a node for its metadata."""
    for node, index, name in (
        ("video0", 0, "Stage left"),
        ("video1", 1, "Stage left"),
        ("video2", 0, "Roof"),
    ):
        (tmp_path / node).mkdir()
        (tmp_path / node / "index").write_text(f"{index}\n")
        (tmp_path / node / "name").write_text(f"{name}\n")
    monkeypatch.setattr(camera, "V4L", tmp_path)
    monkeypatch.setattr(devices, "list_devices", lambda: [])


@pytest.mark.usefixtures("cameras")
def test_cameras_are_listed_after_the_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert devices_cli.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "input" in lines[0]
    assert [line.split() for line in lines if line.startswith("  camera:")] == [
        ["camera:1", "Stage", "left"],
        ["camera:2", "Roof"],
    ]


@pytest.mark.usefixtures("cameras")
def test_as_json_they_have_a_list_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert devices_cli.main(["--cameras", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1] == {"content": "camera:2", "name": "Roof"}
    assert devices_cli.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
