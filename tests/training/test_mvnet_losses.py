"""The losses of MVNet mean what the paper says."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

from visualizer.training.mvnet_losses import (  # noqa: E402
    StyleVGG,
    adversarial_losses,
    gram,
    style_loss,
    triplet_loss,
)
from visualizer.types import UserError  # noqa: E402


def test_triplet_is_nothing_when_eras_lie_apart_and_the_margin_when_all_is_one():
    eras = torch.tensor([0, 0, 1, 1])
    apart = torch.tensor([0.0, 0.1, 5.0, 5.1])[:, None, None, None].expand(4, 1, 8, 16)
    assert triplet_loss(apart, eras) == 0
    assert triplet_loss(torch.zeros(4, 1, 8, 16), eras) == pytest.approx(1.0)


def test_triplet_by_hand_with_squared_distances():
    v = torch.tensor([[0.0], [1.0], [3.0]])
    loss = triplet_loss(v, torch.tensor([0, 0, 1]), margin=6.0)
    # (a=0, p=1, n=3): 1 − 9 + 6 < 0; (a=1, p=0, n=3): 1 − 4 + 6 = 3
    assert loss == pytest.approx(1.5)
    assert triplet_loss(v, torch.tensor([0, 1, 2])) == 0


def test_triplet_pulls_the_same_era_together():
    v = torch.tensor([[0.0], [1.0], [1.5]], requires_grad=True)
    triplet_loss(v, torch.tensor([0, 0, 1])).backward()
    assert v.grad is not None and v.grad[0] < 0 < v.grad[1]


def test_gram_counts_products_of_channels():
    features = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    assert torch.allclose(gram(features), torch.tensor([[[10.0, 2.0], [2.0, 4.0]]]) / 4)


@pytest.fixture(scope="module")
def vgg() -> StyleVGG:
    torch.manual_seed(0)
    return StyleVGG().eval()


def test_style_is_nothing_for_the_same_image_and_does_not_ask_where(vgg):
    features = [torch.rand(2, 8, 6, 6), torch.rand(2, 16, 3, 3)]
    shuffled = [x.flatten(2)[..., torch.randperm(x[0, 0].numel())].reshape(x.shape) for x in features]
    assert style_loss(features, features) == 0
    assert style_loss(features, shuffled) == pytest.approx(0, abs=1e-6)
    image = torch.rand(1, 3, 64, 64) * 2 - 1
    assert style_loss(vgg(image), vgg(image.flip(2) * 0.2)) > 1e-5


def test_vgg_gives_the_first_layer_of_three_sizes(vgg):
    shapes = [tuple(x.shape) for x in vgg(torch.zeros(1, 3, 64, 64))]
    assert shapes == [(1, 64, 64, 64), (1, 128, 32, 32), (1, 256, 16, 16)]
    assert all(x.min() >= 0 for x in vgg(torch.rand(1, 3, 64, 64)))


def test_vgg_that_is_missing_or_damaged_is_named(tmp_path: Path):
    with pytest.raises(UserError, match="--vgg"):
        StyleVGG.load(tmp_path)
    (tmp_path / "vgg_normalised_conv3_1.pth").write_bytes(b"half")
    with pytest.raises(UserError, match="damaged"):
        StyleVGG.load(tmp_path)


def test_published_vgg_is_read_and_normalised():
    folder = Path(__file__).parents[3] / "shared" / "weights" / "vgg"
    if not folder.is_dir():
        pytest.skip("the reference VGG is not here")
    torch.manual_seed(0)
    features = StyleVGG.load(folder)(torch.rand(2, 3, 64, 64) * 2 - 1)
    assert all(0.05 < float(x.mean()) < 5 for x in features), "the mean activation of a channel is about 1"


def test_relativistic_losses_mirror_each_other():
    torch.manual_seed(0)
    real, made = torch.randn(6, 4, 2, 2), torch.randn(6, 4, 2, 2)
    loss_d, loss_g = adversarial_losses(real, made)
    swapped_d, swapped_g = adversarial_losses(made, real)
    assert loss_d == pytest.approx(float(swapped_g)) and loss_g == pytest.approx(float(swapped_d))
    shifted_d, shifted_g = adversarial_losses(real + 3, made + 3)
    assert shifted_d == pytest.approx(float(loss_d), rel=1e-5)
    assert shifted_g == pytest.approx(float(loss_g), rel=1e-5)


def test_relativistic_losses_say_who_wins():
    high, low = torch.full((2, 1), 4.0), torch.full((2, 1), -4.0)
    loss_d, loss_g = adversarial_losses(high, low)
    assert loss_d < 0.01 and loss_g > 10
    even_d, even_g = adversarial_losses(high, high)
    assert even_d == pytest.approx(2 * 0.6931, abs=1e-3) and even_g == pytest.approx(float(even_d))
