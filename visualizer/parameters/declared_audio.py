"""What is heard."""

from __future__ import annotations

from visualizer.parameters.declaring import declare_bool, declare_float, declare_text

DECLARED = (
    declare_text(
        "audio.input", "default", "A device by name or part of it, system, file:PATH, demo, or default."
    ),
    declare_text("audio.channels", "1,2", "The channel pair of the device, counted from 1."),
    declare_bool("audio.loop", True, "A file starts again at its end."),
    declare_float("audio.gain_db", 0.0, -24.0, 24.0, "dB", "Input gain, on top of the automatic gain."),
    declare_bool("audio.agc", True, "Automatic gain: quiet and loud rooms move the picture alike."),
    declare_float(
        "audio.gate_db",
        -60.0,
        -90.0,
        -20.0,
        "dBFS",
        "Below this level the picture rests and the automatic gain holds.",
    ),
)
