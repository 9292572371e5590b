"""What is painted, and how the show goes from one thing to the next."""

from __future__ import annotations

from visualizer.parameters.declaring import (
    declare_bool,
    declare_choice,
    declare_float,
    declare_int,
    declare_text,
)

_SMOOTHING = ("box", "triangle", "exponential")

DECLARED = (
    declare_choice(
        "show.mode",
        "traumer",
        ["traumer", "era"],
        "What paints: traumer dreams images from the tagger's hearing, era paints a picture in the style of "
        "the years it hears.",
        in_next_deck=True,
    ),
    declare_float(
        "show.fade_s", 2.0, 0.0, 20.0, "s", "Length of the crossfade to the next mode, model or content."
    ),
    declare_float(
        "show.morph_s",
        1.0,
        0.0,
        30.0,
        "s",
        "How long a recalled preset takes to turn all knobs to its values.",
    ),
    declare_bool("show.hold_next", False, "What is prepared waits in the other deck until it is taken."),
    declare_float(
        "show.image_fps", 30.0, 1.0, 60.0, "images/s", "At most this many network images a second."
    ),
    declare_float(
        "show.floor_fps",
        15.0,
        0.0,
        60.0,
        "images/s",
        "Where there would be fewer network images a second, they get fewer pixels for a while; 0: never.",
    ),
    declare_bool("show.lock", False, "Keys leave the picture's seed as it is, and no cue comes by itself."),
    declare_text(
        "traumer.tagger", "tagger-house", "The model that hears, by id or folder.", in_next_deck=True
    ),
    declare_text(
        "traumer.map",
        "transfer-house",
        "The model that turns what is heard into styles, by id or folder.",
        in_next_deck=True,
    ),
    declare_text(
        "traumer.generator",
        "generator-paintings",
        "The model that paints, by id or folder.",
        in_next_deck=True,
    ),
    declare_choice(
        "traumer.shape",
        "wide",
        ["wide", "square"],
        "The generator paints pictures of nearly 16:9, or squares as it learned, in two thirds of the time.",
        in_next_deck=True,
    ),
    declare_float(
        "traumer.smoothing.coarse_s",
        3.0,
        0.03,
        10.0,
        "s",
        "Averaging window of the coarse layers: composition.",
        "log",
    ),
    declare_float(
        "traumer.smoothing.middle_s",
        2.0,
        0.03,
        10.0,
        "s",
        "Averaging window of the middle layers: forms.",
        "log",
    ),
    declare_float(
        "traumer.smoothing.fine_s",
        0.3,
        0.03,
        10.0,
        "s",
        "Averaging window of the fine layers: colour and stroke.",
        "log",
    ),
    declare_choice(
        "traumer.smoothing.kernel",
        "box",
        _SMOOTHING,
        "Weights inside the averaging windows; box is the paper's.",
    ),
    declare_float("traumer.truncation", 1.0, 0.0, 1.5, "", "How far from the mean image the styles may go."),
    declare_float(
        "traumer.noise", 1.0, 0.0, 2.0, "", "Strength of the generator's own noise: canvas and brush detail."
    ),
    declare_int("traumer.seed", 7, 0, 2**31 - 1, "", "Another seed, another noise and another drift."),
    declare_float(
        "traumer.drift",
        0.25,
        0.0,
        1.0,
        "",
        "How far the picture wanders by itself; in silence only this moves it.",
    ),
    declare_float("traumer.drift_period_s", 40.0, 4.0, 300.0, "s", "How long one wander takes.", "log"),
    declare_float("traumer.beat", 0.35, 0.0, 1.0, "", "How much each beat pushes the fine layers."),
    declare_float(
        "traumer.bend.gain", 1.0, 0.0, 2.0, "", "Network bending: gain of the bent layers' activations."
    ),
    declare_float(
        "traumer.bend.offset", 0.0, -1.0, 1.0, "", "Network bending: offset of the bent layers' activations."
    ),
    declare_int("traumer.bend.layer", 6, 0, 17, "", "The first layer that is bent; all later ones follow."),
    declare_text(
        "era.content",
        "",
        "What is painted over: a picture, a folder of them, a video, camera or camera:NAME, ndi:NAME, "
        "traumer; empty is a picture of ours.",
        in_next_deck=True,
    ),
    declare_choice(
        "era.network",
        "linear",
        ["linear", "adain", "wct", "avatar"],
        "The style-transfer network.",
        in_next_deck=True,
    ),
    declare_text(
        "era.mvnet", "mvnet-house", "The model that sees the music, by id or folder.", in_next_deck=True
    ),
    declare_float("era.strength", 1.0, 0.0, 1.0, "", "How much of the style reaches the content."),
    declare_float(
        "era.smoothing_s",
        4.0,
        0.03,
        20.0,
        "s",
        "How calmly the style follows steady music; 0.03 is raw.",
        "log",
    ),
    declare_float("era.dial", 0.0, 0.0, 1.0, "", "How far the picture leans toward the year of the dial."),
    declare_int("era.year", 1880, 1400, 2030, "", "The year of the dial."),
    declare_int("era.seed", 7, 0, 2**31 - 1, "", "Another seed, another painting of the same music."),
    declare_float("era.drift", 0.2, 0.0, 1.0, "", "How far the painting wanders by itself, slowly."),
    declare_int("era.size_px", 256, 128, 1024, "px", "The longer side of the painted content."),
    declare_float("era.slide_s", 20.0, 2.0, 600.0, "s", "How long each picture of a folder stays.", "log"),
)
