"""Style transfer in torch: shapes, statistics after each transform, finite for pictures of one colour."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the torch reference needs the extra `train`")

from tests.tiny_styles import EPSILON, make_parts, make_shape  # noqa: E402
from visualizer.networks import style_painting as painting  # noqa: E402
from visualizer.networks import style_transforms as transforms  # noqa: E402
from visualizer.networks.style_transfer import Decoder, Encoder, FirstLevel, LinearTransfer  # noqa: E402


@pytest.fixture(scope="module")
def parts():  # type: ignore[no-untyped-def]
    return make_parts()


def features(seed: int, n_channels: int = 16, size: tuple[int, int] = (24, 20)) -> torch.Tensor:
    """Correlated and not negative, as after ReLU."""
    random = torch.Generator().manual_seed(seed)
    mixing = torch.randn(n_channels, n_channels, generator=random)
    noise = torch.randn(1, n_channels, size[0] * size[1], generator=random)
    return torch.relu(mixing @ noise * 0.3 + 0.8).reshape(1, n_channels, *size)


def test_levels_halve_the_size_and_are_not_negative(parts) -> None:  # type: ignore[no-untyped-def]
    levels = parts["encoder"](torch.rand(2, 3, 32, 48))
    assert [tuple(x.shape) for x in levels] == [(2, 8, 32, 48), (2, 12, 16, 24), (2, 16, 8, 12)]
    assert all(float(x.min()) >= 0 for x in levels)


def test_asked_for_one_level_the_encoder_gives_the_same(parts) -> None:  # type: ignore[no-untyped-def]
    picture = torch.rand(1, 3, 32, 32)
    whole = parts["encoder"](picture)
    for level in (1, 2, 3):
        assert torch.equal(parts["encoder"](picture, level)[-1], whole[level - 1])


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_decoder_gives_the_picture_its_size_back(level: int) -> None:
    shape = make_shape()
    size = (32 >> (level - 1), 48 >> (level - 1))
    decoded = Decoder(shape, level)(torch.rand(1, shape.features[level - 1], *size))
    assert decoded.shape == (1, 3, 32, 48)


def test_an_affine_map_folds_into_the_mix_layer() -> None:
    decoder = Decoder(make_shape(), 3)
    x, matrix, offset = features(0), torch.randn(1, 16, 16), torch.randn(1, 16)
    folded = decoder(x, *decoder.fold(matrix, offset))
    assert torch.allclose(folded, decoder(transforms.apply(matrix, offset, x)), atol=1e-4)


def test_the_first_level_in_one_graph_is_encoder_and_decoder(parts) -> None:  # type: ignore[no-untyped-def]
    encoder: Encoder = parts["encoder"]
    decoder, image = parts["wct"].levels[0], torch.rand(1, 3, 16, 16)
    matrix, offset = decoder.mix.weight.flatten(1)[None], decoder.mix.bias[None]
    joined = FirstLevel(parts["wct"].first, decoder)(image, matrix, offset)
    assert torch.allclose(joined, decoder(encoder(image, 1)[0]), atol=1e-5)


def test_adain_gives_each_channel_the_styles_mean_and_deviation() -> None:
    content, style = features(1), features(2)
    changed = transforms.apply(*transforms.adain(content, style), content)
    (mean, variance), (wanted_mean, wanted_variance) = transforms.moments(changed), transforms.moments(style)
    assert torch.allclose(mean, wanted_mean, atol=1e-4)
    assert torch.allclose(variance, wanted_variance, rtol=0.02)


def test_wct_gives_the_styles_mean_and_covariance() -> None:
    content, style = features(1), features(2)
    changed = transforms.apply(*transforms.wct(content, style, 1e-6), content)
    assert torch.allclose(transforms.moments(changed)[0], transforms.moments(style)[0], atol=1e-3)
    wanted = transforms.covariance(style)
    assert torch.allclose(transforms.covariance(changed), wanted, atol=0.01 * float(wanted.abs().max()))


def test_a_style_of_fewer_places_than_channels_still_colours() -> None:
    style = features(3, size=(3, 3))
    matrix, offset = transforms.wct(features(1), style, EPSILON)
    assert torch.isfinite(matrix).all()
    changed = transforms.apply(matrix, offset, features(1))
    assert torch.allclose(transforms.moments(changed)[0], transforms.moments(style)[0], atol=1e-3)


def test_newton_schulz_is_the_root_by_eigenvalues() -> None:
    c = transforms.covariance(features(4))
    for power, got in ((0.5, transforms.root(c, EPSILON)), (-0.5, transforms.inverse_root(c, EPSILON))):
        wanted = transforms.eigen_power(c, EPSILON, power)
        assert torch.allclose(got, wanted, atol=2e-3 * float(wanted.abs().max()))


def test_a_style_decorates_itself_with_itself() -> None:
    style = features(5, size=(8, 8))
    laid = transforms.decorate(style, style, 1e-4)
    assert torch.allclose(laid[:, :, 2:-2, 2:-2], style[:, :, 2:-2, 2:-2], atol=1e-4)


def test_the_decorator_lays_only_what_the_style_has() -> None:
    content, style = features(6), features(7, size=(8, 8))
    laid = transforms.decorate(content, style, EPSILON)
    assert laid.shape == content.shape
    assert float(laid.max()) <= float(style.max()) + 1e-5


@pytest.mark.parametrize("colour", [0.0, 0.5, 1.0])
def test_pictures_of_one_colour_stay_finite(parts, colour: float) -> None:  # type: ignore[no-untyped-def]
    flat, busy = torch.full((1, 3, 32, 32), colour), torch.rand(1, 3, 32, 32)
    painters = {
        "adain": painting.adain_painter(parts["encoder"], parts["adain"]),
        "linear": painting.linear_painter(parts["encoder"], parts["linear"]),
        "wct": painting.wct_painter(parts["encoder"], list(parts["wct"].levels), EPSILON),
        "avatar": painting.avatar_painter(parts["encoder"], parts["avatar"], EPSILON),
    }
    for name, paint in painters.items():
        for content, style in ((flat, busy), (busy, flat), (flat, flat)):
            assert torch.isfinite(paint(content, style, 1.0)).all(), name


def test_the_linear_network_learns_through_its_roots() -> None:
    linear = LinearTransfer(make_shape(), EPSILON)
    matrix, offset = linear.affine(features(1), features(2))
    (matrix.square().mean() + offset.square().mean()).backward()
    grown = [linear.compress.weight, linear.uncompress.weight, linear.style_net.up.weight]
    assert all(p.grad is not None and torch.isfinite(p.grad).all() and p.grad.any() for p in grown)
