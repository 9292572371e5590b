"""The report on MVNet: what its card says of eras, years and judges, with the drawings of its training."""

from __future__ import annotations

from visualizer.training.report_pages import (
    Desk,
    Figures,
    Part,
    Target,
    at_least,
    at_most,
    link,
    table,
    targets_table,
)

ROWS = (
    ("real paintings by other artists", "judge_accuracy_val_paintings", "year_correlation_val_paintings"),
    ("real paintings it was taught by", "judge_accuracy_train_paintings", None),
    ("images of other composers' music", "era_accuracy_val", "year_correlation_val"),
    ("images of training music", "era_accuracy_train", "year_correlation_train"),
    ("images of each era's mean v", "era_accuracy_centres", "year_correlation_centres"),
)
COMMAND = (
    "`klangbild train mvnet --stage hear --minutes 20 --device cuda`, then `klangbild train mvnet --resume "
    "--minutes 60 --clips 32 --device cuda`, `--stage judge` and `--stage publish`"
)


def targets(desk: Desk, figures: Figures) -> list[Target]:
    card = desk.card(desk.mvnet).figures
    chance = card.get("chance", 0.05)
    without = card.get("curve_without_last")
    constant = card.get("year_error_constant")
    least = Target(
        "error in years on val music",
        "below always the median" + (f" ({constant:.0f})" if constant else ""),
        card.get("year_error"),
        constant is not None and card.get("year_error", constant) < constant,
        1,
    )
    return [
        at_least(
            "era accuracy with the loss, val music", round(4 * chance, 3), card.get("era_accuracy_val"), 3
        ),
        at_most("era accuracy without it", round(1.5 * chance, 3), without, 3),
        least,
    ]


def page(desk: Desk, figures: Figures) -> str:
    card = desk.card(desk.mvnet)
    said = card.figures
    text = f"{card.summary} *{card.paper}.*\n\n{targets_table(targets(desk, figures))}\n\n"
    rows = [
        (what, share(said.get(right)), number(said.get(years) if years else None))
        for what, right, years in ROWS
    ]
    text += (
        f'Chance is {share(said.get("chance"))}. The second classifier ("the judge") trained neither network '
        "nor was it trained with them:\n\n"
        + table(("the judge looks at", "era right", "its years follow the true ones (r)"), rows)
        + f"\n\nThe classifier that trained the network knows "
        f"{share(said.get('classifier_accuracy_val_paintings'))} "
        f"of real paintings by other artists, and {share(said.get('own_era_accuracy_val'))} of images of "
        "other "
        f"composers' music. The year read from v is off by {number(said.get('year_error'), 0)} years on val "
        f"music, the likeliest era by {number(said.get('year_error_likeliest'), 0)}; always the median "
        "would be "
        f"off by {number(said.get('year_error_constant'), 0)}. Two z of one piece differ by "
        f"{number(said.get('variety_of_z'))} of 2.\n\n"
    )
    docs = desk.out.parent / "pictures"
    for name, alt in (
        ("era-pieces.jpg", "Held-out music of four centuries with nine style images each"),
        ("era-accuracy.png", "Era accuracy by images learned from, with and without the era loss"),
    ):
        if (docs / name).is_file():
            text += f"![{alt}]({link(desk, docs / name)})\n\n"
    preview = desk.models / desk.mvnet / "preview.jpg"
    if preview.is_file():
        text += f"![A column an era, a row a z]({link(desk, preview)})\n*A column an era, a row a z.*\n\n"
    if any(not target.is_met for target in targets(desk, figures)):
        text += (
            "What is short, and what the data's uneven years allow: a judge that knows no more of real "
            f"paintings by other artists than {share(said.get('judge_accuracy_val_paintings'))} cannot "
            "find four "
            "times chance in painted ones. A third of the years are estimates, 1800 to 1869 is nearly all "
            "Japanese prints, and before 1600 there is a handful of painters. The years that it expects say "
            f"more than its hits. On a GPU: {COMMAND}.\n"
        )
    return text


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


PART = Part("mvnet", "MVNet", ("mvnet",), None, page, targets, needs=())
