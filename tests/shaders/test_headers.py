"""Headers as people write them, and the folders that hold them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer import shaders
from visualizer.shaders import loose_json, read_header, read_text
from visualizer.types import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2, 3]} and more', {"a": [1, 2, 3]}),
        ('{"a": 1,, "b": [1 2 "x"],}', {"a": 1, "b": [1, 2, "x"]}),
        ('{"a": .5 "b": 2., "c": +3, "d": 1.5f}', {"a": 0.5, "b": 2.0, "c": 3, "d": 1.5}),
        ('{"a": True, // yes\n "b": NULL}', {"a": True, "b": None}),
        ('{"a": "tab\there and \\d"}', {"a": "tab\there and \\d"}),
    ],
)
def test_careless_json_is_read(text: str, value: object) -> None:
    assert loose_json.loads(text) == value


@given(st.recursive(st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=8), st.lists))
def test_strict_json_stays_what_it_is(value: object) -> None:
    import json

    text = json.dumps({"value": value})
    assert loose_json.loads(text) == json.loads("".join(loose_json._tidy(text))) == {"value": value}


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('{"INPUTS": [{"NAME": "a b", "TYPE": "float"}]}', "no name that GLSL"),
        ('{"INPUTS": [{"NAME": "a", "TYPE": "cube"}]}', "unknown type"),
        ('{"INPUTS": [{"TYPE": "float"}]}', "'NAME' is missing"),
        ('{"PASSES": [{"TARGET": "a", "WIDTH": "$nobody"}]}', "nobody"),
        ('{"PASSES": [{"TARGET": "a", "WIDTH": "evil()"}]}', "evil"),
        ('{"INPUTS": [', "never closed"),
        ('{"IMPORTED": {"sky": {"PATH": ["1", "2"]}}}', "cube map"),
        ('{"INPUTS": ' + "[" * 5000, "nested|never closed"),
        ('{"PASSES": [' + "{}," * 50 + "]}", "32 are the most"),
    ],
)
def test_a_wrong_header_is_told_with_its_shader(header: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        read_header(f"/*{header}*/ void main() {{}}", "mine.fs")
    assert "mine.fs" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\x00\x01binary", "no text"), (b"/" * (11 << 20), "larger"), (None, "cannot be read")],
)
def test_what_is_no_shader_is_told(tmp_path: Path, data: bytes | None, said: str) -> None:
    file = tmp_path / "odd.fs"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(UserError, match=said):
        read_text(file)


def test_encodings_and_line_ends_are_read(tmp_path: Path) -> None:
    for data in (
        "/*{}*/\r\nä".encode("utf-8-sig"),
        "/*{}*/\rä".encode("latin-1"),
        "/*{}*/\nä".encode("utf-16"),
    ):
        (tmp_path / "a.fs").write_bytes(data)
        assert read_text(tmp_path / "a.fs") == "/*{}*/\nä"


def test_a_folder_is_scanned_and_a_later_one_wins(tmp_path: Path) -> None:
    ours, own = tmp_path / "ours", tmp_path / "own"
    for folder in (ours, own):
        folder.mkdir()
        (folder / "My Filter (2).fs").write_text(f'/*{{"DESCRIPTION": "{folder.name}"}}*/ void main() {{}}')
    (own / "bad.fs").write_text("void main() {}")
    (own / ".hidden.fs").write_text("/*{}*/")
    library = shaders.scan([ours, own, tmp_path / "nowhere"])
    assert list(library.shaders) == ["My_Filter_2"]
    assert library.shaders["My_Filter_2"].header.description == "own"
    assert (
        list(library.broken) == [str(own / "bad.fs")] and "no header" in library.broken[str(own / "bad.fs")]
    )


def test_an_import_without_a_file_or_with_a_buffers_name_is_none() -> None:
    header = '{"IMPORTED": {"a": {}, "b": {"PATH": "b.png"}, "c": "c.png"}, "PASSES": [{"TARGET": "b"}, {}]}'
    assert [i.name for i in read_header(f"/*{header}*/", "mine.fs").imports] == ["c"]
