"""Training of style transfer: each stage for a moment, resumed, stopped by NaN; its VGG is noise."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from tests.tiny_styles import make_shape  # noqa: E402
from visualizer.checkpoints.cards import Card  # noqa: E402
from visualizer.checkpoints.export import Parity  # noqa: E402
from visualizer.training import house, style, style_measure, style_publish, style_wct  # noqa: E402
from visualizer.training import style_teacher as teacher  # noqa: E402
from visualizer.training.style_pictures import Pictures  # noqa: E402
from visualizer.types import UserError  # noqa: E402

CHANNELS = {"2": (8, 3), "5": (8, 8), "9": (12, 8), "12": (12, 12), "16": (16, 12)}
INVERTERS = {
    1: {"1": (3, 8)},
    2: {"1": (8, 12), "5": (8, 8), "8": (3, 8)},
    3: {"1": (12, 16), "5": (12, 12), "8": (8, 12), "12": (8, 8), "15": (3, 8)},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(1)
    for i in range(6):
        noise = rng.random((5, 6, 3)) * 255
        Image.fromarray(noise.astype(np.uint8)).resize((90, 80), Image.Resampling.BICUBIC).save(
            folder / f"{i}.png"
        )
    (folder / "broken.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture(scope="module")
def vgg_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vgg")
    random = torch.Generator().manual_seed(2)

    def layer(n_out: int, n_in: int, size: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
        weight = torch.randn(n_out, n_in, size, size, generator=random) * (2 / (n_in * size**2)) ** 0.5
        return weight, torch.full((n_out,), 0.1)

    state = {"0.weight": torch.eye(3)[:, :, None, None] * 3, "0.bias": torch.zeros(3)}
    for name, (n_out, n_in) in CHANNELS.items():
        state[f"{name}.weight"], state[f"{name}.bias"] = layer(n_out, n_in)
    torch.save(state, folder / "vgg_normalised_conv3_1.pth")
    for level, layers in INVERTERS.items():
        state = {}
        for name, (n_out, n_in) in layers.items():
            state[f"{name}.weight"], state[f"{name}.bias"] = layer(n_out, n_in)
        torch.save(state, folder / f"feature_invertor_conv{level}_1.pth")
    return folder


@pytest.fixture
def run_stage(data: Path, vgg_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(style, "SHAPE", make_shape())
    folder = tmp_path / "run"

    def call(stage: str, *more: str) -> Path:
        places = ["--data", str(data), "--vgg", str(vgg_folder), "--folder", str(folder)]
        assert (
            style.main(
                [*places, "--stage", stage, "--minutes", "0.01", "--batch", "2", "--crop", "48", *more]
            )
            == 0
        )
        return folder

    return call


def test_every_stage_runs_and_goes_on(run_stage) -> None:  # type: ignore[no-untyped-def]
    folder = run_stage("encoder")
    for stage in style.STAGES[1:]:
        run_stage(stage, "--resume")
    first = house.load_state(folder / "state.pt")
    assert all(first["counters"][stage]["n_steps"] > 0 for stage in style.STAGES)
    run_stage("linear", "--resume")
    again = house.load_state(folder / "state.pt")
    assert again["counters"]["linear"]["n_steps"] > first["counters"]["linear"]["n_steps"]
    assert torch.equal(again["encoder"]["level1.conv.weight"], first["encoder"]["level1.conv.weight"])
    assert not torch.equal(again["linear"]["compress.weight"], first["linear"]["compress.weight"])


def test_a_resumed_run_is_the_one_that_was_saved() -> None:
    run = style.Run(make_shape(), style.Settings())
    run.start("adain")
    run.counters["adain"].n_steps = 5
    again = style.Run.from_state(run.state())
    assert again.counters["adain"].n_steps == 5
    assert again.shape == run.shape
    for name, module in run.modules().items():
        other = again.modules()[name].state_dict()
        assert all(torch.equal(value, other[key]) for key, value in module.state_dict().items())


def test_a_stage_begins_with_the_one_before() -> None:
    run = style.Run(make_shape(), style.Settings())
    run.start("adain")
    picture = torch.rand(1, 3, 32, 32)
    features = run.encoder(picture)[2]
    assert torch.equal(run.adain(features), run.decoders[2](features))


def test_nan_stops_with_the_last_good_state(run_stage, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    folder = run_stage("encoder")
    before = (folder / "state.pt").read_bytes()

    def broken(lesson: style.Lesson):  # type: ignore[no-untyped-def]
        loss = lesson.run.encoder(lesson.contents())[2].mean() * math.nan
        return loss, {}

    monkeypatch.setitem(style.LEARN, "encoder", broken)
    with pytest.raises(UserError, match="diverged"):
        run_stage("encoder", "--resume")
    assert (folder / "state.pt").read_bytes() == before


def test_the_encoder_comes_nearer_to_its_teacher(data: Path, vgg_folder: Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    run = style.Run(make_shape(), style.Settings(n_batch=4, crop_px=48))
    lesson = style.Lesson(run, teacher.ReferenceVGG(vgg_folder), Pictures(data, 3))
    optimizer = run.start("encoder")
    losses = []
    for _ in range(40):
        loss, _ = style.learn_encoder(lesson)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5])


def test_principal_components_rebuild_what_they_can() -> None:
    run = style.Run(make_shape(), style.Settings())
    mixing = torch.randn(16, 6)
    features = (mixing @ torch.randn(6, 400)).reshape(1, 16, 20, 20)
    run.linear.begin_with(features)
    centred = features - features.mean(dim=(2, 3), keepdim=True)
    rebuilt = run.linear.uncompress(run.linear.compress(centred))
    assert torch.allclose(rebuilt, centred, atol=1e-3)


def test_a_picture_is_nearest_to_itself(vgg_folder: Path, data: Path) -> None:
    vgg = teacher.ReferenceVGG(vgg_folder)
    one, other = (vgg(style_measure.load_square(data / f"{i}.png", 64)) for i in (0, 1))
    assert float(teacher.style_distance(one, one)) == pytest.approx(0, abs=1e-6)
    assert teacher.content_loss(one, one) == 0
    assert teacher.style_loss(one, one) == 0 < teacher.style_loss(one, other)
    assert teacher.content_loss(one, other) > 0


def test_the_published_wct_paints_the_contents_size(vgg_folder: Path) -> None:
    published = teacher.PublishedWCT(vgg_folder)
    for levels in ((3,), (3, 2, 1)):
        painted = published(torch.rand(1, 3, 32, 48), torch.rand(1, 3, 64, 64), levels)
        assert painted.shape == (1, 3, 32, 48)
        assert torch.isfinite(painted).all()


def test_styles_and_contents_repeat_with_their_seed_and_leave_out_what_is_broken(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Pictures(data, 5), Pictures(data, 5)
    for _ in range(6):
        assert torch.equal(first.contents(3, 48), second.contents(3, 48))
        styles = first.styles(2, 64)
        assert torch.equal(styles, second.styles(2, 64))
        assert styles.shape == (2, 3, 64, 64)
        assert float(styles.min()) >= 0 and float(styles.max()) <= 1
    assert capsys.readouterr().out.count("left out broken.jpg") == 2


def test_work_is_counted() -> None:
    layer = torch.nn.Conv2d(3, 4, 3, padding=1)
    assert style_measure.count_macs(layer, torch.rand(1, 3, 8, 8)) == 8 * 8 * 4 * 27


def test_each_network_is_published_with_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vgg_folder: Path, data: Path
) -> None:
    published: dict[str, Card] = {}

    def keep(module, graphs, card, folder, preview=None):  # type: ignore[no-untyped-def]
        assert folder == tmp_path / card.id
        assert (preview is None) == (card.id == "style-encoder")
        assert preview is None or Image.open(preview).width > 500
        published[card.id] = card
        return {"model.onnx": {"none": Parity(0.0, 0.0)}}

    run = style.Run(make_shape(), style.Settings())
    monkeypatch.setattr(style_publish, "publish", keep)
    monkeypatch.setattr(style_publish, "our_pictures", lambda _, n, px: [torch.rand(1, 3, px, px)] * n)
    for name in ("val_contents", "val_styles"):
        monkeypatch.setattr(style_measure, name, lambda _, n: [torch.rand(1, 3, 64, 64)] * n)
    table = tmp_path / "paintings" / "paintings.csv"
    table.parent.mkdir()
    table.touch()
    style_publish.publish_all(run, tmp_path, vgg_folder, tmp_path, n=2, n_each=1)
    assert sorted(published) == [f"style-{n}" for n in ("adain", "avatar", "encoder", "linear", "wct")]
    figures = published["style-linear"].figures
    assert figures["decoder_gmac_256"] > 0
    assert figures["style_loss_to_published_wct"] > 0
    assert published["style-wct"].architecture["epsilon"] == style_wct.EPSILON
    assert 0 < published["style-avatar"].architecture["share"] < 1
    assert "about 8,000" in published["style-wct"].data

    table.unlink()  # a person's folder may be called so, too
    style_publish.publish_all(run, tmp_path, vgg_folder, tmp_path, n=2, n_each=1)
    assert published["style-wct"].data.startswith("The pictures of the person")


def test_what_cannot_be_is_a_sentence(data: Path, vgg_folder: Path, tmp_path: Path) -> None:
    places = ["--folder", str(tmp_path), "--minutes", "0.01"]
    with pytest.raises(UserError, match="--vgg"):
        style.main([*places, "--data", str(data), "--vgg", str(tmp_path)])
    with pytest.raises(UserError, match="--data"):
        style.main([*places, "--data", str(tmp_path), "--vgg", str(vgg_folder)])
    with pytest.raises(UserError, match="multiple of 16"):
        style.main([*places, "--crop", "50"])
    with pytest.raises(UserError, match="start once without --resume"):
        style.main([*places, "--resume"])


def test_a_dry_run_says_what_would_be_done(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert style.main(["--dry-run", "--minutes", "75", "--folder", str(tmp_path / "x")]) == 0
    said = capsys.readouterr().out
    assert all(stage in said for stage in style.STAGES)
    assert not (tmp_path / "x").exists()


def test_statistics_are_kept(run_stage) -> None:  # type: ignore[no-untyped-def]
    folder = run_stage("encoder")
    for line in (folder / "encoder.jsonl").read_text("utf-8").splitlines():
        assert "loss" in json.loads(line)
