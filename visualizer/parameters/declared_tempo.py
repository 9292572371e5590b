"""Which beat is followed."""

from __future__ import annotations

from visualizer.parameters.declaring import declare_bool, declare_choice, declare_int

TEMPO_SOURCES = ("internal", "midi", "link")

DECLARED = (
    declare_choice(
        "tempo.source",
        "internal",
        TEMPO_SOURCES,
        "Whose beat is followed: what is heard, MIDI clock or Link.",
    ),
    declare_bool("tempo.lock", False, "Tempo and beat go on as they are, whatever is played."),
    declare_int("tempo.beats_per_bar", 4, 1, 16, "", "Beats of a bar."),
)
