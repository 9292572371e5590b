"""A virtual line-in (PulseAudio with a null sink) and a virtual screen (Xvfb) for tests and scripts.

Both are plain context managers without pytest, so `make run` and the benchmarks use them as well. Each starts
its own server in a temporary folder with its own sockets and cookies and never touches the user's. `.env`
holds the environment variables a program needs to meet it, `.environ()` a whole environment with them.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import subprocess
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

RATE_HZ = 48_000
START_LIMIT_S = 15.0


class Unavailable(RuntimeError):
    """A program that the virtual device needs is missing or does not start; tests skip with this sentence."""


def missing_programs(*programs: str) -> str | None:
    """One sentence naming the programs that are not installed, or None."""
    absent = [program for program in programs if shutil.which(program) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


class _Virtual:
    """What both share: a temporary folder, processes of its own and an environment."""

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def environ(self) -> dict[str, str]:
        """The current environment with this device in it, for `subprocess` calls."""
        return {**os.environ, **self.env}

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Puts `.env` into os.environ for a while: spawned children then meet the device."""
        before = {key: os.environ.get(key) for key in self.env}
        os.environ.update(self.env)
        try:
            yield
        finally:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value

    def _make_folder(self) -> Path:
        self._folder = tempfile.TemporaryDirectory(prefix="klangbild-virtual-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    def _start(self, command: list[str], **options: object) -> subprocess.Popen[bytes]:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, env=self.environ(), **{**quiet, **options})  # type: ignore[call-overload]
        self._processes.append(process)
        return process

    def close(self) -> None:
        """Ends what was started, the newest first, and removes the folder."""
        while self._processes:
            process = self._processes.pop()
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


class VirtualLineIn(_Virtual):
    """A PulseAudio daemon of its own whose null sink `vin` is heard, bit-exact, at the source `vin.monitor`.

    with VirtualLineIn() as line: line.play("song.flac"); subprocess.run([...], env=line.environ())
    """

    SINK = "vin"
    SOURCE = "vin.monitor"

    def __enter__(self) -> VirtualLineIn:
        reason = missing_programs("pulseaudio", "pactl", "pacat")
        if reason:
            raise Unavailable(f"the virtual line-in needs PulseAudio; {reason}")
        folder = self._make_folder()
        for name in ("run", "state", "home"):
            (folder / name).mkdir(mode=0o700)
        socket = folder / "run" / "native"
        self.env = {
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_RUNTIME_PATH": str(folder / "run"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_COOKIE": str(folder / "cookie"),
        }
        self.daemon = self._start(
            shlex.split(
                "pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --disallow-exit "
                "--high-priority=no --realtime=no --log-level=error "
                f"-L 'module-native-protocol-unix socket={socket} auth-anonymous=1'"
            )
        )
        try:
            self._wait_until_up()
            self._module: int | None = self.load_sink()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self.daemon.poll() is not None:
                raise Unavailable(f"pulseaudio ended at its start (exit code {self.daemon.returncode})")
            if self._pactl("info", check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise Unavailable("pulseaudio did not answer in time")

    def _pactl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**self.environ(), "LANG": "C"}
        return subprocess.run(
            ["pactl", *arguments], env=environment, check=check, capture_output=True, text=True, timeout=10
        )

    def load_sink(self, name: str = SINK, default: bool = True) -> int:
        """Loads a null sink and, unless told otherwise, makes it the default; returns the module's number."""
        added = self._pactl(
            *("load-module", "module-null-sink", f"sink_name={name}", f"rate={RATE_HZ}", "channels=2"),
            *("format=float32le", "norewinds=1", f"sink_properties=device.description={name}"),
        )
        module = int(added.stdout)
        if default:
            self._pactl("set-default-sink", name)
            self._pactl("set-default-source", f"{name}.monitor")
        return module

    def hush(self) -> None:
        """Ends whatever still plays."""
        players = [process for process in self._processes if process is not self.daemon]
        for player in players:
            player.kill()
            player.wait()
            self._processes.remove(player)

    def unplug(self) -> None:
        """Takes the sink `vin` and its monitor away, as when the interface is pulled out."""
        if self._module is not None:
            self._pactl("unload-module", str(self._module))
            self._module = None

    def plug(self) -> None:
        """Brings the sink `vin` back, again as the default; does nothing when it is there."""
        if self._module is None:
            self._module = self.load_sink()

    def unload(self, module: int) -> None:
        """Takes away a module that `load_sink` returned."""
        self._pactl("unload-module", str(module))

    def play(self, path: str | Path, sink: str = SINK) -> subprocess.Popen[bytes]:
        """Starts playing a file that libsndfile reads (wav, flac, ogg); the process ends with the file."""
        return self._start(["paplay", f"--device={sink}", str(path)])

    def play_array(
        self, samples: np.ndarray, rate_hz: int = RATE_HZ, sink: str = SINK, latency_ms: int = 300
    ) -> subprocess.Popen[bytes]:
        """Starts playing (n,) or (n, 2) floats in [-1, 1]; float32 all the way when the rate is 48 kHz.

        With a short latency a busy machine cannot keep up: pacat then plays gaps into the sound.
        """
        assert self._folder is not None
        stereo = np.ascontiguousarray(
            np.broadcast_to(np.asarray(samples, np.float32).reshape(len(samples), -1), (len(samples), 2))
        )
        with tempfile.NamedTemporaryFile(dir=self._folder.name, suffix=".f32", delete=False) as raw:
            raw.write(stereo.astype("<f4").tobytes())
        with Path(raw.name).open("rb") as handle:
            return self._start(
                f"pacat --playback --raw --device={sink} --rate={rate_hz} --format=float32le --channels=2 "
                f"--latency-msec={latency_ms} --channel-map=front-left,front-right".split(),
                stdin=handle,
            )


class VirtualScreen(_Virtual):
    """An Xvfb of its own on a free display number; `.display` is ":N". With a window manager on request.

    with VirtualScreen() as screen: subprocess.run([...], env=screen.environ()); screen.shoot("shot.png")
    """

    def __init__(self, width_px: int = 1920, height_px: int = 1080, window_manager: bool = False) -> None:
        super().__init__()
        self.width_px, self.height_px = width_px, height_px
        self.window_manager = window_manager
        self.display = ""

    def __enter__(self) -> VirtualScreen:
        needed = ("Xvfb", "openbox") if self.window_manager else ("Xvfb",)
        reason = missing_programs(*needed)
        if reason:
            raise Unavailable(f"the virtual screen cannot start; {reason}")
        folder = self._make_folder()
        self.env = {"XAUTHORITY": str(folder / "authority"), "LIBGL_ALWAYS_SOFTWARE": "1"}
        try:
            self._start_server()
            if self.window_manager:
                self._start(["openbox", "--sm-disable"])
                time.sleep(0.3)  # openbox says nowhere that it is ready
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_server(self) -> None:
        reader, writer = os.pipe()
        try:
            self._start(
                f"Xvfb -displayfd {writer} -noreset -nolisten tcp -ac +extension GLX +extension RANDR "
                f"-screen 0 {self.width_px}x{self.height_px}x24".split(),
                pass_fds=(writer,),
            )
            os.close(writer)
            writer = -1
            number = self._read_number(reader)
        finally:
            os.close(reader)
            if writer >= 0:
                os.close(writer)
        self.display = f":{number}"
        self.env["DISPLAY"] = self.display

    @staticmethod
    def _read_number(reader: int) -> int:
        """Xvfb writes its display number and a newline once it accepts clients."""
        text, deadline = b"", time.monotonic() + START_LIMIT_S
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(reader, 16) if ready else b""
            if not piece:
                raise Unavailable("Xvfb did not start")
            text += piece
        return int(text)

    def shoot(self, path: str | Path) -> Path:
        """Saves the whole screen as an image; needs ImageMagick's `import`."""
        subprocess.run(["import", "-window", "root", str(path)], env=self.environ(), check=True, timeout=30)
        return Path(path)


class VirtualMonitors(VirtualScreen):
    """An Xorg with the dummy driver: two monitors side by side that can be unplugged, under openbox.

    with VirtualMonitors() as desk: desk.unplug("DUMMY1"); desk.plug("DUMMY1")
    """

    LAPTOP, WALL = "DUMMY0", "DUMMY1"
    WIDTH_PX, HEIGHT_PX = 1280, 720
    _CONFIG = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
EndSection
Section "Device"
  Identifier "dummy"
  Driver "dummy"
  VideoRam 65536
EndSection
Section "Monitor"
  Identifier "laptop"
  HorizSync 5-1000
  VertRefresh 5-200
EndSection
Section "Screen"
  Identifier "desk"
  Device "dummy"
  Monitor "laptop"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Virtual 2560 720
    Modes "1280x720"
  EndSubSection
EndSection
"""

    def __init__(self) -> None:
        super().__init__(2 * self.WIDTH_PX, self.HEIGHT_PX, window_manager=True)

    def _start_server(self) -> None:
        reason = missing_programs("Xorg", "xrandr")
        if reason:
            raise Unavailable(f"two virtual monitors need Xorg with its dummy driver; {reason}")
        assert self._folder is not None
        config, log = Path(self._folder.name) / "xorg.conf", Path(self._folder.name) / "xorg.log"
        config.write_text(self._CONFIG)
        reader, writer = os.pipe()
        try:
            self._start(
                f"Xorg -displayfd {writer} -config {config} -logfile {log} -noreset -nolisten tcp -ac "
                "-novtswitch -sharevts".split(),
                pass_fds=(writer,),
            )
            os.close(writer)
            writer = -1
            number = self._read_number(reader)
        finally:
            os.close(reader)
            if writer >= 0:
                os.close(writer)
        self.display = self.env["DISPLAY"] = f":{number}"
        self._xrandr("--addmode", self.WALL, f"{self.WIDTH_PX}x{self.HEIGHT_PX}")
        self.plug(self.WALL)

    def plug(self, name: str) -> None:
        """Connects a monitor to the right of the laptop's."""
        mode = f"{self.WIDTH_PX}x{self.HEIGHT_PX}"
        self._xrandr("--output", name, "--mode", mode, "--right-of", self.LAPTOP)
        self._xrandr("--query")  # the server looks at its outputs only when it is asked

    def unplug(self, name: str) -> None:
        """Takes it away."""
        self._xrandr("--output", name, "--off")
        self._xrandr("--query")

    def _xrandr(self, *arguments: str) -> None:
        done = subprocess.run(["xrandr", *arguments], env=self.environ(), capture_output=True, timeout=20)
        if done.returncode:
            raise Unavailable(f"xrandr {' '.join(arguments)}: {done.stderr.decode().strip()}")


def write_wav(path: str | Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    """Writes (n,) or (n, channels) floats in [-1, 1] as a 16-bit wav with the standard library."""
    block = np.atleast_2d(np.asarray(samples, np.float64).T).T
    with wave.open(str(path), "wb") as handle:
        handle.setnchannels(block.shape[1])
        handle.setsampwidth(2)
        handle.setframerate(rate_hz)
        handle.writeframes((np.clip(block, -1, 1) * 32767).astype("<i2").tobytes())
    return Path(path)
