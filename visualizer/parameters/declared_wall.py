"""How the picture meets the wall: resolution, turning, corners, soft edges, a mask, further projectors."""

from __future__ import annotations

from visualizer.parameters.declaring import declare_bool, declare_choice, declare_float, declare_text
from visualizer.parameters.parameter import Parameter

RESOLUTIONS = ("window", "640x360", "854x480", "1280x720", "1920x1080", "2560x1440", "3840x2160", "1024x768")


def _corners() -> tuple[Parameter, ...]:
    names = {
        "upper_left": "upper left",
        "upper_right": "upper right",
        "lower_left": "lower left",
        "lower_right": "lower right",
    }
    return tuple(
        declare_float(
            f"wall.{corner}.{axis}",
            0.0,
            -0.5,
            0.5,
            "",
            f"How far the {words} corner is moved {way}, in {what} of the picture.",
        )
        for corner, words in names.items()
        for axis, way, what in (("x", "to the right", "widths"), ("y", "down", "heights"))
    )


DECLARED = (
    declare_choice(
        "wall.resolution",
        "window",
        RESOLUTIONS,
        "Size in which the picture is drawn, whatever the window's; smaller is quicker.",
    ),
    declare_choice("wall.rotate", "0", ["0", "90", "180", "270"], "Turns the picture clockwise, in degrees."),
    declare_bool("wall.flip_x", False, "Left and right change places, for projection from behind."),
    declare_bool("wall.flip_y", False, "Above and below change places, for a projector that hangs."),
    *_corners(),
    declare_float("wall.edge.left", 0.0, 0.0, 0.5, "widths", "Soft left edge, where two projectors overlap."),
    declare_float("wall.edge.right", 0.0, 0.0, 0.5, "widths", "Soft right edge."),
    declare_float("wall.edge.top", 0.0, 0.0, 0.5, "heights", "Soft upper edge."),
    declare_float("wall.edge.bottom", 0.0, 0.0, 0.5, "heights", "Soft lower edge."),
    declare_float(
        "wall.edge.gamma",
        2.2,
        1.0,
        3.0,
        "",
        "Gamma of the projectors: with it, overlapping soft edges add up.",
    ),
    declare_text("wall.mask", "", "A picture whose black parts stay black on the wall; empty masks nothing."),
    declare_bool("wall.test_pattern", False, "A grid with numbered corners instead of the picture."),
    declare_text(
        "wall.mirrors",
        "",
        "Further monitors that show the same in full screen: names with commas between.",
    ),
)
