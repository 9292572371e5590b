"""The report on style transfer: losses beside the published WCT, times, flicker, from the newest benches."""

from __future__ import annotations

import json
from typing import Any

from visualizer.training.report_pages import (
    Desk,
    Figures,
    Part,
    Target,
    at_most,
    link,
    table,
    targets_table,
)

NAMES = {"linear": "Linear", "adain": "AdaIN", "wct": "WCT", "avatar": "Avatar-Net"}
LIKE = {"wct": "WCT at three levels"}


def newest(desk: Desk, bench: str) -> dict[str, Any]:
    """The last logged run of a bench: its figures, with machine and commit; {} where there is none."""
    path = desk.benches / f"{bench}.json"
    try:
        runs = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(runs[-1]) if isinstance(runs, list) and runs else {}


def targets(desk: Desk, figures: Figures) -> list[Target]:
    losses = newest(desk, "styles").get("figures", {}).get("losses", {})
    return [
        at_most(
            f"{NAMES[name]}: worse of both losses over {LIKE.get(name, 'WCT at relu3_1')}",
            1.1,
            losses.get(name, {}).get("worst_to_its_like"),
            3,
        )
        for name in NAMES
    ]


def page(desk: Desk, figures: Figures) -> str:
    run = newest(desk, "styles")
    text = (
        "An encoder distilled from the published one, and a decoder for each of four transforms: Li et al. "
        "2018 (linear, the default), Huang and Belongie 2017 (AdaIN), Li et al. 2017 (WCT), Sheng et al. "
        "2018 "
        f"(Avatar-Net).\n\n{targets_table(targets(desk, figures))}\n\n"
    )
    if not run:
        return text + "Not measured yet: `klangbild bench styles --log`.\n"
    losses = run["figures"]["losses"]
    rows = [
        (name, *(f"{values[key]:.3f}" for key in ("content_loss", "style_loss")),
         *(f"{values[key]:.2f}" for key in ("content_loss_ratio", "style_loss_ratio")))
        for name, values in losses.items()
        if isinstance(values, dict)
    ]  # fmt: skip
    text += (
        f"{losses.get('n_pairs', 0)} pairs of 50 contents and 50 validation paintings; losses in the "
        "reference "
        "VGG, ratios to the published weights at relu3_1 run beside them (commit "
        f"{run['commit']}):\n\n"
        + table(("network", "content loss", "style loss", "content, ratio", "style, ratio"), rows)
        + "\n\n"
    )
    for setting, times in run["figures"].get("times", run["figures"]).items():
        if isinstance(times, dict) and "linear paint" in times and setting.endswith("threads 1"):
            text += f"Milliseconds of one core at {setting.split(',')[0]}:\n\n{times_table(times)}\n\n"
    sheet = desk.out.parent / "pictures" / "style-networks.jpg"
    if sheet.is_file():
        text += f"![Four networks under pieces of four centuries]({link(desk, sheet)})\n\n"
    text += flicker(desk)
    if any(not target.is_met for target in targets(desk, figures)):
        text += (
            "What is short: the decoders are narrow (2.1 GMAC) and had an hour of a shared core. "
            "`klangbild train style --resume --minutes 120` and `klangbild bench styles --log` would show "
            "how far more of it goes; Avatar-Net blurs its content by nature.\n"
        )
    return text


def times_table(times: dict[str, Any]) -> str:
    steps = ("content", "style", "paint")
    rows = [
        (NAMES[name], *(f"{times[f'{name} {step}']['cpu_ms']:.1f}" for step in steps))
        for name in NAMES
        if all(f"{name} {step}" in times for step in steps)
    ]
    if "published WCT paint" in times:
        rows.append(
            ("published WCT at relu3_1, all of it", "", "", f"{times['published WCT paint']['cpu_ms']:.1f}")
        )
    return table(("network", "reading a content", "reading a style", "painting"), rows)


def flicker(desk: Desk) -> str:
    """How much era mode flickers on a still picture, and how soon it follows other music."""
    run = newest(desk, "flicker")
    figures = run.get("figures", {})
    by_section = figures.get("flicker", {})
    if not by_section:
        return ""
    rows = [
        (name, *(f"{found[key]:.2f}" for key in ("raw", "steady", "ratio")))
        for name, found in by_section.items()
    ]
    return (
        f"Era mode on a still picture (`klangbild bench flicker`, commit {run['commit']}), mean change "
        "from image "
        "to image of 255, with the style of each moment and steadied as shown:\n\n"
        + table(("section", "each moment's", "as shown", "calmer by"), rows)
        + f"\n\nA change of music is seen within {figures.get('slowest_s', 0):g} s at the slowest of the "
        "demo's "
        f"changes; {figures.get('n_quick_cuts', 0)} of {figures.get('n_cuts', 0)} hard cuts within 3 s.\n\n"
    )


PART = Part("style", "Style transfer", (), None, page, targets, needs=())
