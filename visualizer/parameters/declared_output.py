"""What leaves the show: safety, files, other programs."""

from __future__ import annotations

from visualizer.parameters.declaring import (
    declare_bool,
    declare_choice,
    declare_text,
)

DECLARED = (
    declare_text(
        "output.record",
        "",
        "A file to record the shown picture and the heard sound into; empty records nothing.",
    ),
    declare_choice(
        "output.codec",
        "h264",
        ["h264", "hevc"],
        "How recordings are packed: h264 plays everywhere, hevc is smaller and costs the CPU more.",
    ),
    declare_text("output.folder", "", "Where R and stills go; empty is your folder of videos."),
    declare_text("output.still", "", "A PNG file that the next shown picture is written to."),
    declare_text(
        "output.sequence", "", "A folder that gets a PNG of every frame, 30 a second; empty writes none."
    ),
    declare_bool("output.ndi", False, "An NDI source with picture and sound (needs the extra ndi)."),
    declare_text("output.ndi_name", "Klangbild", "What the NDI source is called."),
    declare_bool("output.ndi_network", False, "Other machines may receive it too, not only this one."),
    declare_bool(
        "output.virtual_camera",
        False,
        "A camera that other programs can choose (needs the extra camera, and a driver for it).",
    ),
    declare_text("output.virtual_camera_device", "", "Which one, such as /dev/video9; empty is the first."),
    declare_bool(
        "output.texture",
        False,
        "The picture for other programs on the same GPU: Spout on Windows, Syphon on macOS.",
    ),
)

OUTPUTS = ("output.record", "output.still", "output.sequence", "output.ndi", "output.virtual_camera")
"""What the output process feeds while it is set; it runs only then."""
