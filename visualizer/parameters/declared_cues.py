"""When the show goes on, by whose hand, and what it falls back on."""

from __future__ import annotations

from visualizer.parameters.declaring import declare_bool, declare_choice, declare_float, declare_text

DECLARED = (
    declare_choice(
        "show.quantise",
        "off",
        ["off", "beat", "bar", "4 bars"],
        "Recalls, takes, cues and switches begin on the next of these; pressed again they begin at once.",
    ),
    declare_float(
        "show.crossfader",
        0.0,
        0.0,
        1.0,
        "",
        "By hand from what is on air (0) to what is ready in the other deck; at 1 it is taken.",
    ),
    declare_text("show.set_list", "", "The set list that is played, by name."),
    declare_bool("show.shuffle", False, "The cues of the set list come in another order each time."),
    declare_bool("show.repeat", False, "The set list begins again at its end."),
    declare_text("show.panic_preset", "", "The preset that panic recalls, by name; empty calms the effects."),
    declare_float("output.blackout_s", 0.1, 0.0, 5.0, "s", "How long the picture takes to black and back."),
)
