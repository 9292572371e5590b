"""The house stands as docs/architecture.md says: read from the imports, nothing is run but `--help`."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "visualizer"
FILES = sorted(PACKAGE.rglob("*.py"))

CORE = {"types", "settings", "paths", "clock", "shaders", "parameters", "ipc", "modulation"}
MAY_USE = {
    "types": set(),
    "clock": set(),
    "ndi_runtime": {"types", "paths"},
    "paths": {"types"},
    "shaders": {"types", "paths"},
    "parameters": {"types", "clock", "shaders"},
    "modulation": {"types", "clock", "parameters"},
    "settings": {"types", "parameters", "paths"},
    "ipc": {"types", "clock", "parameters"},
    "audio": CORE | {"features"},
    "features": CORE,
    "networks": set(),
    "runtime": {"types", "checkpoints"},
    "checkpoints": {"types", "paths", "runtime", "networks"},
    "content": CORE | {"ndi_runtime"},
    "modes": CORE | {"audio", "features", "runtime", "checkpoints", "content"},
    "display": CORE | {"control"},
    "output": CORE | {"ndi_runtime"},
    "control": CORE,
    "panel": CORE | {"features", "checkpoints", "content", "control"},
    "offline": CORE | {"audio", "modes", "display", "output", "runtime", "checkpoints", "content"},
    "training": CORE | {"features", "content", "modes", "networks", "checkpoints", "audio", "runtime"},
}
ONLY_IN = {
    "PyQt6": ("panel",),
    "moderngl": ("display",),
    "glfw": ("display",),
    "torch": ("networks", "training", "checkpoints", "runtime"),
    "librosa": ("training",),
    "onnx": ("checkpoints",),
    "sounddevice": ("audio",),
    "av": ("audio", "output", "content"),
    "cv2": ("content",),
    "mido": ("control",),
    "rtmidi": ("control",),
    "aalink": ("control",),
    "cyndilib": ("ndi_runtime", "output", "content"),
    "pyvirtualcam": ("output",),
    "pythonosc": ("control",),
    "SpoutGL": ("display",),
    "syphon": ("display",),
    "wakepy": ("display",),
}
LIVE = (
    "visualizer.live",
    "visualizer.audio.capture",
    "visualizer.modes.traumer",
    "visualizer.modes.era",
    "visualizer.display.display",
    "visualizer.control.control",
    "visualizer.panel.panel",
)
NEVER_LIVE = ("torch", "librosa", "sklearn", "onnx", "numba")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _stage(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_flow_is_one_way(path: Path) -> None:
    stage = _stage(path)
    if stage not in MAY_USE:
        return  # the rim: cli, live and the package itself, which see everything
    used = {name.split(".")[1] for name in _imports(path) if name.startswith("visualizer.")}
    assert used <= MAY_USE[stage] | {stage}, f"{stage} reaches into {used - MAY_USE[stage] - {stage}}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    for name in _imports(path):
        rooms = ONLY_IN.get(name.split(".")[0])
        assert rooms is None or _stage(path) in rooms, f"{name} belongs in {rooms}"


@pytest.mark.parametrize("module", LIVE)
def test_the_live_path_stays_light(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({NEVER_LIVE!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.split() == []


def test_the_window_s_process_begins_before_anything_heavy_is_imported() -> None:
    heavy = {"numpy", "psutil", "visualizer.parameters"}
    code = f"import sys, visualizer.ahead; print(*{heavy!r} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.split() == []


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['klangbild', '--help']\n"
        "heavy = {'numpy', 'torch', 'glfw', 'av'}\n"
        "import atexit; atexit.register(lambda: print('HEAVY', *(heavy & set(sys.modules))))\n"
        "import runpy; runpy.run_path('run.py', run_name='__main__')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    from visualizer.cli import COMMANDS

    assert all(f"  {command} " in run.stdout for command in COMMANDS)
    assert run.stdout.splitlines()[-1].split() == ["HEAVY"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "pickle"}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if ast.unparse(call.func) == "torch.load":
            assert any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in call.keywords)
        assert not any(k.arg == "shell" and ast.unparse(k.value) == "True" for k in call.keywords)
