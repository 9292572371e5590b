"""How controllers and other programs' clocks play along."""

from __future__ import annotations

from visualizer.parameters.declaring import declare_bool, declare_text

DECLARED = (
    declare_bool("midi.on", True, "Controllers play the show by MIDI; they may come and go."),
    declare_text("midi.inputs", "", "MIDI inputs by name or part of it, commas between; empty takes all."),
    declare_bool("midi.pickup", False, "A knob does nothing until it has passed the value that stands."),
    declare_bool("midi.feedback", True, "Values go back to bound controllers: LED rings, motor faders."),
    declare_bool("midi.program_change", True, "A program change recalls the preset of that place."),
    declare_bool("midi.clock", True, "MIDI clock is measured; tempo.source says who is followed."),
    declare_bool("link.on", False, "Ableton Link: joins the tempo of the network that this machine is in."),
)
