"""How it is played from elsewhere."""

from __future__ import annotations

from visualizer.parameters.declaring import declare_bool, declare_int, declare_text

DECLARED = (
    declare_bool("control.osc", True, "Other programs play the show by Open Sound Control."),
    declare_text(
        "control.osc_host", "127.0.0.1", "The address that listens; 0.0.0.0 lets other machines in."
    ),
    declare_int("control.osc_port", 9000, 1, 65535, "", "The UDP port that listens."),
    declare_bool(
        "control.osc_out", False, "Features, words, state and changed values are sent 30 times a second."
    ),
    declare_text("control.osc_out_host", "127.0.0.1", "Where they are sent."),
    declare_int("control.osc_out_port", 9001, 1, 65535, "", "The UDP port that they are sent to."),
    declare_int("control.oscquery_port", 9002, 0, 65535, "", "OSCQuery on this machine; 0 switches it off."),
)
