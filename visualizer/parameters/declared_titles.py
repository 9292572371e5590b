"""What is laid over the picture: words and a logo."""

from __future__ import annotations

from visualizer.parameters.declaring import declare_float, declare_text

DECLARED = (
    declare_text("text.words", "", "Words over the picture, | begins another line; empty shows none."),
    declare_text(
        "text.file",
        "",
        "A text file with the words, such as what is playing now; read again when it changes.",
    ),
    declare_text("text.font", "", "A font of the system by name, or a font file; empty is the built-in one."),
    declare_text("text.colour", "#f4f0e6", "Their colour, as #rrggbb or by an English name."),
    declare_float("text.size", 0.08, 0.02, 0.5, "heights", "Height of a line, of the picture's.", "log"),
    declare_float("text.x", 0.5, 0.0, 1.0, "", "Where their middle lies, from left to right."),
    declare_float("text.y", 0.86, 0.0, 1.0, "", "Where their middle lies, from top to bottom."),
    declare_float("text.opacity", 1.0, 0.0, 1.0, "", "How solid they are."),
    declare_float("text.fade_s", 1.0, 0.0, 20.0, "s", "How long words take to come and to go."),
    declare_text("logo.file", "", "A PNG with transparency over the picture; empty shows none."),
    declare_float("logo.size", 0.15, 0.01, 1.0, "heights", "Its height, of the picture's.", "log"),
    declare_float("logo.x", 0.9, 0.0, 1.0, "", "Where its middle lies, from left to right."),
    declare_float("logo.y", 0.12, 0.0, 1.0, "", "Where its middle lies, from top to bottom."),
    declare_float("logo.opacity", 1.0, 0.0, 1.0, "", "How solid it is."),
    declare_float("logo.fade_s", 1.0, 0.0, 20.0, "s", "How long it takes to come and to go."),
)
