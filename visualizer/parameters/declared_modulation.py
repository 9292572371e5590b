"""What moves the knobs by itself: routes, oscillators and random walks; the offset to the sound."""

from __future__ import annotations

from visualizer.parameters.declaring import (
    declare_bool,
    declare_choice,
    declare_float,
    declare_int,
    declare_text,
)
from visualizer.parameters.modulating import N_LFOS, N_ROUTES, N_WALKS, check_source, check_target
from visualizer.parameters.parameter import Parameter

SHAPES = ("sine", "triangle", "saw", "square", "hold")
PERIODS = ("1/4", "1/2", "1", "2", "4", "8", "16", "32", "free")


def _route(n: int) -> tuple[Parameter, ...]:
    own = f"modulation.{n}"
    return (
        declare_bool(f"{own}.on", True, "The route moves its target."),
        declare_text(
            f"{own}.source",
            "",
            "What moves it: level, bass, onset, beat, lfo.1, walk.1, era.year, tag.piano …; empty is none.",
            check=check_source,
        ),
        declare_text(
            f"{own}.target", "", "The parameter that is moved, by id; empty is none.", check=check_target
        ),
        declare_float(
            f"{own}.amount",
            0.5,
            -1.0,
            1.0,
            "",
            "How far the knob is moved, as a share of its way; below 0 backwards.",
        ),
        declare_float(f"{own}.low", 0.0, 0.0, 1.0, "", "The route moves the knob no lower than here."),
        declare_float(f"{own}.high", 1.0, 0.0, 1.0, "", "The route moves the knob no higher than here."),
        declare_float(
            f"{own}.attack_s", 0.02, 0.0, 10.0, "s", "How slowly the route follows a rise.", "square"
        ),
        declare_float(
            f"{own}.decay_s", 0.2, 0.0, 10.0, "s", "How slowly the route follows a fall.", "square"
        ),
        declare_bool(f"{own}.invert", False, "Turns the source over: silence is 1, the loudest is 0."),
    )


def _lfo(n: int) -> tuple[Parameter, ...]:
    own = f"lfo.{n}"
    period = PERIODS[PERIODS.index("1") + n]
    return (
        declare_choice(
            f"{own}.shape",
            SHAPES[0],
            SHAPES,
            "How the oscillator goes; hold takes another value at random each period.",
        ),
        declare_choice(
            f"{own}.period", period, PERIODS, "Its period in beats, locked to the bar; free takes seconds."
        ),
        declare_float(f"{own}.period_s", 4.0, 0.1, 120.0, "s", "Its period when it is free.", "log"),
        declare_float(f"{own}.phase", 0.0, 0.0, 1.0, "", "How much of its period it is ahead."),
    )


def _walk(n: int) -> tuple[Parameter, ...]:
    return (
        declare_float(
            f"walk.{n}.period_s",
            (8.0, 40.0)[n - 1],
            0.2,
            300.0,
            "s",
            "How long the walk takes from one place to the next.",
            "log",
        ),
        declare_int(f"walk.{n}.way", n, 0, 9999, "", "Another number, another random way."),
    )


DECLARED = (
    declare_bool("show.modulation", True, "Routes move the knobs; off, everything stands where it is set."),
    declare_float(
        "show.offset_ms",
        0.0,
        -200.0,
        1000.0,
        "ms",
        "The picture follows the sound so much later; below 0 the beat runs ahead, the rest cannot.",
    ),
    declare_bool(
        "output.flash_limit",
        True,
        "At most three flashes a second, as WCAG 2.3.1 asks. Off, the picture may strobe: "
        "that can cause seizures, so warn your audience.",
    ),
    *(parameter for n in range(1, N_ROUTES + 1) for parameter in _route(n)),
    *(parameter for n in range(1, N_LFOS + 1) for parameter in _lfo(n)),
    *(parameter for n in range(1, N_WALKS + 1) for parameter in _walk(n)),
)
