"""How it is shown, and what leaves the show."""

from __future__ import annotations

from visualizer.parameters.declaring import (
    declare_bool,
    declare_choice,
    declare_float,
    declare_int,
    declare_text,
    declare_trigger,
)

DECLARED = (
    declare_float("display.fps", 60.0, 10.0, 144.0, "fps", "Shown frames a second, where the machine can."),
    declare_int("display.width", 1280, 64, 7680, "px", "Width of the window."),
    declare_int("display.height", 720, 64, 4320, "px", "Height of the window."),
    declare_bool("display.fullscreen", False, "Full screen on the chosen monitor."),
    declare_text("display.monitor", "", "The monitor by name or part of it; empty is the primary one."),
    declare_bool(
        "display.hud", False, "Head-up display: rates, latency, level and the words of what is heard."
    ),
    declare_bool("display.help", False, "The key card."),
    declare_choice(
        "display.fill",
        "mirror",
        ["mirror", "surround", "crop", "fit"],
        "How pictures of another shape fill a wall: mirrored, in a blurred surround, cropped, between bars.",
    ),
    declare_float("display.blend", 1.0, 0.0, 1.0, "", "Cross-dissolve between successive images; 0 cuts."),
    declare_choice(
        "display.between",
        "flow",
        ["flow", "blend"],
        "Between successive images: light is blended, or things move from where they were to where they are.",
    ),
    declare_float("effects.feedback", 0.35, 0.0, 1.0, "", "Trails of earlier frames."),
    declare_float("effects.bloom", 0.3, 0.0, 1.0, "", "Glow of the bright parts, driven by the bass."),
    declare_float("effects.zoom", 0.3, 0.0, 1.0, "", "Breathing of the picture on bass and beat."),
    declare_float("effects.flash", 0.15, 0.0, 1.0, "", "Brightening at each onset."),
    declare_float("effects.saturation", 1.1, 0.0, 2.0, "", "Colour saturation; 1 leaves it."),
    declare_float("effects.hue", 0.0, -180.0, 180.0, "°", "Turns all hues."),
    declare_float("effects.contrast", 1.05, 0.5, 2.0, "", "Contrast; 1 leaves it."),
    declare_float("effects.grain", 0.2, 0.0, 1.0, "", "Film grain, stronger with the treble."),
    declare_float("effects.vignette", 0.3, 0.0, 1.0, "", "Darker corners."),
    declare_bool("output.blackout", False, "Fades the picture to black."),
    declare_bool("output.freeze", False, "Holds the picture."),
    declare_trigger(
        "output.panic", "Effects and network bending back to their defaults, blackout and freeze off."
    ),
)
