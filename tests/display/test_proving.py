"""Hostile shaders end in a throwaway process, with a sentence; the good ones between them are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from visualizer import cli
from visualizer.display.isf.trial import Verdict
from visualizer.display.proving import Prover, Verdicts
from visualizer.types import UserError

HEADER = '/*{"INPUTS": []}*/\n'
HOSTILE = {
    "a_good": (HEADER + "void main() { gl_FragColor = vec4(isf_FragNormCoord, 0.5, 1.0); }", ""),
    "binary": (b"\x7fELF\x00\x01\x02", "no text"),
    "black": (HEADER + "void main() { gl_FragColor = vec4(0.0, 0.0, 0.0, 1.0); }", "black"),
    "broken": (HEADER + "void main() {\n  gl_FragColor = vec4(nobody);\n}", "line 3: .*nobody"),
    "endless": (
        HEADER + "void main() { float x = TIME; while (x > -1.0) x = abs(sin(x)); gl_FragColor = vec4(x); }",
        "longer than",
    ),
    "huge": (
        '/*{"PASSES": [{"TARGET": "a", "WIDTH": "16384", "HEIGHT": "16384"}, {}]}*/\n'
        "void main() { gl_FragColor = vec4(1.0); }",
        "16384×16384",
    ),
    "large": (HEADER + "// x\n" * 2_200_000, "larger than"),
    "nan": (HEADER + "void main() { float z = TIME * 0.0; gl_FragColor = vec4(z / z); }", "no numbers"),
    "z_good": (HEADER + "void main() { gl_FragColor = vec4(0.5); }", ""),
}


def test_the_checker_outlives_them_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, (text, _) in HOSTILE.items():
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / f"{name}.fs").write_bytes(data)
    try:
        code = cli.main(["shaders", "check", str(tmp_path), "--json", "--limit", "4"])
    except UserError as reason:
        pytest.skip(str(reason))
    listing = json.loads(capsys.readouterr().out)
    if code == 2:
        pytest.skip("this machine draws nothing without a screen")
    assert [entry["file"] for entry in listing] == [str(tmp_path / f"{name}.fs") for name in HOSTILE]
    for entry, (name, (_, said)) in zip(listing, HOSTILE.items(), strict=True):
        assert entry["ok"] == (not said), entry
        assert pytest.importorskip("re").search(said, entry["reason"]), (name, entry["reason"])
        assert "\n" not in entry["reason"]


def test_a_folder_without_shaders_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["shaders", "check", str(tmp_path)]) == 2
    assert cli.main(["shaders", "check", str(tmp_path / "nowhere")]) == 2
    assert "hold" in (said := capsys.readouterr().err) and "no folder" in said


def test_the_shaders_there_are_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["shaders", "list", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["drift"]["role"] == "generator" and listed["crossfade"]["role"] == "transition"


def test_a_prover_goes_on_after_its_process_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "good.fs"
    file.write_text(HOSTILE["a_good"][0])  # type: ignore[arg-type]
    prover = Prover()
    try:
        assert prover.prove(file, (16, 16), 30.0).ok
        prover._process.kill()  # type: ignore[union-attr]
        prover._process.wait()  # type: ignore[union-attr]
        assert prover.prove(file, (16, 16), 30.0).ok
    except UserError as reason:
        pytest.skip(str(reason))
    finally:
        prover.close()


def test_verdicts_are_remembered_by_content(tmp_path: Path) -> None:
    file, verdicts = tmp_path / "a.fs", Verdicts("gpu", tmp_path / "cache")
    file.write_text("one")
    assert verdicts.recall(file) is None
    verdicts.keep(file, Verdict(False, "why", ("note",)))
    assert verdicts.recall(file) == Verdict(False, "why", ("note",))
    assert Verdicts("another gpu", tmp_path / "cache").recall(file) is None
    file.write_text("two")
    assert verdicts.recall(file) is None
