"""StyleGAN2: shapes, counts, equality with the formulation of modulated weights."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

import torch.nn.functional as F  # noqa: E402

from visualizer.networks.discriminator import Discriminator, HalveSize, minibatch_deviation  # noqa: E402
from visualizer.networks.stylegan2 import (  # noqa: E402
    Dense,
    Generator,
    GeneratorShape,
    blur,
    make_noises,
    parameter_groups,
)
from visualizer.networks.stylegan2_inference import (  # noqa: E402
    count_macs,
    export_module,
)

SMALL = GeneratorShape(64, (24, 20, 16, 12, 8), n_w=32, exits_px=(32,))


@pytest.fixture(scope="module")
def generator() -> Generator:
    """A small generator whose every parameter is away from its neutral value."""
    torch.manual_seed(5)
    made = Generator(SMALL).requires_grad_(False)
    for name, parameter in made.named_parameters():
        if name.endswith(("bias", "noise_strength")):
            parameter.add_(0.3 * torch.randn_like(parameter))
        elif name.endswith("paint.weight"):
            parameter.normal_(0, 0.2)
    return made


def draw_inputs(shape: GeneratorShape, n: int, seed: int = 0) -> tuple[torch.Tensor, list[torch.Tensor]]:
    random = torch.Generator().manual_seed(seed)
    w = torch.randn(n, shape.n_layers, shape.n_w, generator=random)
    return w, make_noises(shape, n, random)


# The other way to write it: zero insertion and FIR filters by hand, weights modulated and demodulated for
# each picture, a grouped convolution over the batch.


def fir_resample(x: torch.Tensor, up: int, pad: tuple[int, int], gain: float) -> torch.Tensor:
    n, c, h, w = x.shape
    spread = torch.zeros(n, c, h * up, w * up, dtype=x.dtype)
    spread[:, :, ::up, ::up] = x
    spread = F.pad(spread, (*pad, *pad))
    taps = torch.tensor([1, 3, 3, 1], dtype=x.dtype) / 8
    rows = sum(taps[i] * spread[:, :, i : i + spread.shape[2] - 3] for i in range(4))
    return gain * sum(taps[i] * rows[:, :, :, i : i + rows.shape[3] - 3] for i in range(4))


def modulated_convolution(x, weight, scale, demodulate, up):
    n, c, h, w = x.shape
    weights = weight[None] * scale[:, None, :, None, None]
    if demodulate:
        weights = weights * (weights.pow(2).sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    n_out, k = weight.shape[0], weight.shape[-1]
    if not up:
        flat = weights.reshape(n * n_out, c, k, k)
        return F.conv2d(x.reshape(1, n * c, h, w), flat, padding=k // 2, groups=n).reshape(n, n_out, h, w)
    flat = weights.transpose(1, 2).reshape(n * c, n_out, k, k)
    y = F.conv_transpose2d(x.reshape(1, n * c, h, w), flat, stride=2, groups=n)
    return fir_resample(y.reshape(n, n_out, 2 * h + 1, 2 * w + 1), 1, (1, 1), 4.0)


def reference_image(generator, w, noises):
    synthesis = generator.synthesis
    x = synthesis.const.repeat(len(w), 1, 1, 1)
    image, layer = None, 0
    for block in synthesis.blocks:
        for conv in filter(None, (block.conv0, block.conv1)):
            scale = w[:, layer] @ conv.affine.weight.T + conv.affine.bias
            x = modulated_convolution(x, conv.weight, scale, True, conv.up)
            x = x + noises[layer] * conv.noise_strength + conv.bias.reshape(1, -1, 1, 1)
            x = torch.where(x > 0, x, 0.2 * x) * 2**0.5
            layer += 1
        rgb_layer = block.to_rgb
        scale = w[:, layer] @ rgb_layer.affine.weight.T + rgb_layer.affine.bias
        rgb = modulated_convolution(x, rgb_layer.weight, scale, False, False) + rgb_layer.bias.reshape(
            1, 3, 1, 1
        )
        image = rgb if image is None else fir_resample(image, 2, (2, 1), 4.0) + rgb
    return image


def test_equals_the_formulation_of_modulated_weights(generator):
    w, noises = draw_inputs(SMALL, 3)
    ours, theirs = generator.synthesis(w, noises), reference_image(generator, w, noises)
    assert ours.std() > 0.1
    assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))


def test_inference_form_equals_the_training_form(generator):
    for exit_px in (16, 32, 64):
        form = export_module(generator, exit_px)
        named = form.example_inputs(seed=3)
        random = torch.Generator().manual_seed(1)
        named["gain"] = 1 + 0.2 * torch.randn(SMALL.n_layers, generator=random)
        named["offset"] = 0.2 * torch.randn(SMALL.n_layers, generator=random)
        named["noise_strength"] = torch.tensor([0.7])
        noises = [named[f"noise_{i}"] for i in range(form.n_noises)]
        trained = generator.synthesis(named["w"], noises, 0.7, named["gain"], named["offset"], exit_px)
        shown = form(*named.values())
        assert shown.shape == (1, 3, exit_px, exit_px)
        assert float((shown - trained.clamp(-1, 1)).abs().max()) < 1e-4
        assert float(trained.abs().max()) > 1, "the clamp is part of what is compared"


@pytest.mark.parametrize("size_px", [8, 64, 256, 1024])
def test_sizes_from_8_to_1024(size_px):
    shape = GeneratorShape.from_base(size_px, channel_base=size_px * 2, channel_max=8, n_w=16)
    assert shape.n_layers == 2 * math.log2(size_px) - 2
    made = Generator(shape).requires_grad_(False)
    w, noises = draw_inputs(shape, 1)
    assert [noise.shape[-1] for noise in noises] == [shape.noise_px(i) for i in range(shape.n_noises)]
    image = made.synthesis(w, noises)
    assert image.shape == (1, 3, size_px, size_px)
    assert torch.isfinite(image).all()


def test_hierarchies_of_256():
    shape = GeneratorShape.from_base(256, 8192)
    assert (shape.n_layers, shape.n_noises) == (14, 13)
    assert shape.channels == (512, 512, 512, 256, 128, 64, 32)


def test_parameter_counts_by_hand():
    n_w, (a, b) = 16, (6, 4)
    mapping = 2 * (n_w * n_w + n_w)
    conv = lambda i, o: o * i * 9 + o + 1 + n_w * i + i  # noqa: E731
    rgb = lambda i: 3 * i + 3 + n_w * i + i  # noqa: E731
    count = mapping + a * 16 + conv(a, a) + rgb(a) + conv(a, b) + conv(b, b) + rgb(b)
    assert sum(p.numel() for p in Generator(GeneratorShape(8, (a, b), n_w)).parameters()) == count
    # The paper's own 1024 px generator (channel base 32768, 8 mapping layers) is known to have 30.4 million.
    with torch.device("meta"):
        paper = Generator(GeneratorShape.from_base(1024, 32768, n_mapping=8))
        shipped = Generator(GeneratorShape.from_base(256, 8192, n_mapping=2))
    assert sum(p.numel() for p in paper.parameters()) == pytest.approx(30.4e6, rel=0.01)
    assert sum(p.numel() for p in shipped.parameters()) < sum(p.numel() for p in paper.parameters())


def test_macs_by_hand():
    assert count_macs(GeneratorShape(8, (6, 4), 16), exit_px=4) == 16 * 6 * (9 * 6 + 3)
    whole = 16 * 6 * (9 * 6 + 3) + 4 * 4 * 9 * 6 * 4 + 64 * 16 * (4 + 3) + 64 * 4 * (9 * 4 + 3)
    assert count_macs(GeneratorShape(8, (6, 4), 16)) == whole


def test_early_exit_is_the_coarse_stage_of_the_same_picture(generator):
    w, noises = draw_inputs(SMALL, 2)
    pictures = generator.synthesis.pictures(w, noises)
    assert [p.shape[-1] for p in pictures] == [4, 8, 16, 32, 64]
    assert torch.equal(generator.synthesis(w, noises, exit_px=16), pictures[2])
    changed = w.clone()
    changed[:, 6:] += 1  # layer 5 is the toRGB of 16 px; what is finer cannot change it
    assert torch.equal(generator.synthesis(changed, noises, exit_px=16), pictures[2])
    assert not torch.equal(generator.synthesis(changed, noises), pictures[-1])


def test_an_exit_of_its_own_adds_to_its_picture_and_to_no_other(generator):
    w, noises = draw_inputs(SMALL, 2)
    pictures = generator.synthesis.pictures(w, noises)
    assert not torch.allclose(generator.synthesis(w, noises, exit_px=32), pictures[3], atol=1e-3)
    plain = Generator(replace(SMALL, exits_px=()))
    plain.load_state_dict(
        {name: value for name, value in generator.state_dict().items() if "exits" not in name}
    )
    assert torch.equal(plain.synthesis(w, noises), pictures[-1])
    assert count_macs(SMALL, 32) - count_macs(plain.shape, 32) == 32 * 32 * 24 * (12 + 27)
    with pytest.raises(ValueError, match="no early exit at 128 px"):
        GeneratorShape(64, SMALL.channels, exits_px=(128,))


def test_neutral_bending_changes_nothing_and_bending_does(generator):
    w, noises = draw_inputs(SMALL, 1)
    plain = generator.synthesis(w, noises)
    gain, offset = torch.ones(SMALL.n_layers), torch.zeros(SMALL.n_layers)
    assert torch.equal(generator.synthesis(w, noises, gain=gain, offset=offset), plain)
    for layer in range(SMALL.n_layers):
        louder = gain.clone()
        louder[layer] = 1.5
        assert not torch.allclose(generator.synthesis(w, noises, gain=louder), plain, atol=1e-3), layer
    gain[-1], offset[-1] = 0.5, 0.25
    assert torch.allclose(generator.synthesis(w, noises, gain=gain, offset=offset), plain * 0.5 + 0.25)


def test_noise_strength_scales_the_noise(generator):
    w, noises = draw_inputs(SMALL, 1)
    silent = generator.synthesis(w, noises, noise_strength=0.0)
    assert torch.allclose(silent, generator.synthesis(w), atol=1e-6)
    small = (generator.synthesis(w, noises, noise_strength=0.1) - silent).norm()
    assert 0 < small < (generator.synthesis(w, noises) - silent).norm()


def test_same_seed_same_picture(generator):
    images = []
    for seed in (1, 1, 2):
        random = torch.Generator().manual_seed(seed)
        z = torch.randn(1, SMALL.n_w, generator=random)
        images.append(generator(z, make_noises(SMALL, 1, random)))
    assert torch.equal(images[0], images[1])
    assert not torch.allclose(images[0], images[2], atol=1e-2)


def test_pictures_do_not_depend_on_their_neighbours(generator):
    w, noises = draw_inputs(SMALL, 3)
    together = generator.synthesis(w, noises)
    alone = generator.synthesis(w[1:2], [noise[1:2] for noise in noises])
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_mapping_ignores_the_length_of_z(generator):
    z = torch.randn(2, SMALL.n_w)
    assert torch.allclose(generator.mapping(z), generator.mapping(3 * z), atol=1e-5)


def test_equalised_rate_equals_scaled_weights():
    """Adam on a weight stored divided by its gain moves the used weight as a rate times the gain does."""
    torch.manual_seed(0)
    layer, x, rate = Dense(9, 3), torch.randn(5, 9), 0.01
    stored = (layer.weight.detach() * math.sqrt(9)).requires_grad_()
    ours = torch.optim.Adam(parameter_groups([layer], rate), rate, eps=1e-12)
    theirs = torch.optim.Adam([stored], rate, eps=1e-12)
    for _ in range(3):
        for optimizer, weight in ((ours, layer.weight), (theirs, stored / math.sqrt(9))):
            optimizer.zero_grad()
            F.linear(x, weight).square().sum().backward()
            optimizer.step()
    assert torch.allclose(layer.weight, stored / math.sqrt(9), atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: GeneratorShape(48, (8,) * 5),
        lambda: GeneratorShape(64, (8,)),
        lambda: GeneratorShape(2048, ()),
    ],
)
def test_impossible_shapes_are_refused(make):
    with pytest.raises(ValueError):
        make()


def test_wrong_w_and_exit_are_refused(generator):
    with pytest.raises(ValueError, match="w must be"):
        generator.synthesis(torch.zeros(1, 3, SMALL.n_w))
    with pytest.raises(ValueError, match="no early exit"):
        generator.synthesis(torch.zeros(1, SMALL.n_layers, SMALL.n_w), exit_px=48)


def test_discriminator_scores_and_has_a_second_slope():
    torch.manual_seed(0)
    judge = Discriminator((16, 12, 8))
    images = torch.randn(8, 3, 16, 16, requires_grad=True)
    scores = judge(images)
    assert scores.shape == (8,)
    (slope,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    slope.square().sum().backward()
    assert judge.from_rgb.weight.grad is not None and judge.from_rgb.weight.grad.abs().sum() > 0


def test_minibatch_deviation_sees_a_collapse_and_keeps_groups_apart():
    same, different = torch.ones(4, 2, 4, 4), torch.randn(4, 2, 4, 4)
    planes = minibatch_deviation(torch.cat([same, different]))[:, -1]
    assert planes[:4].max() < 1e-3 < 0.1 < planes[4:].min()


def test_halving_has_the_slopes_of_the_strided_convolution():
    x = torch.randn(1, 2, 8, 8, dtype=torch.double, requires_grad=True)
    slopes = []
    for halve in (HalveSize.apply, lambda v: blur(v, 1.0, (1, 1, 1, 1), stride=2)):
        (slope,) = torch.autograd.grad(halve(x).pow(2).sum(), x, create_graph=True)
        slopes += [slope, torch.autograd.grad(slope.pow(2).sum(), x)[0]]
    assert torch.allclose(slopes[0], slopes[2]) and torch.allclose(slopes[1], slopes[3])


@pytest.mark.parametrize("exit_px", [None, 32])
def test_wide_is_the_synthesis_of_a_constant_that_was_stretched(
    generator: Generator, exit_px: int | None
) -> None:
    form = export_module(generator, exit_px)
    named = form.example_inputs(seed=2, n_columns=7)
    w, strength, *noises, gain, offset = named.values()
    wide = copy.deepcopy(generator.synthesis)
    learned = wide.const.data
    between = (learned[..., :-1] + learned[..., 1:]) / 2
    wide.const.data = torch.empty(1, learned.shape[1], 4, 7)
    wide.const.data[..., ::2], wide.const.data[..., 1::2] = learned, between
    image = form(w, strength, *noises, gain, offset)
    assert image.shape == (1, 3, form.exit_px, form.exit_px * 7 // 4)
    wanted = wide(w, noises, exit_px=exit_px).clamp(-1, 1)
    torch.testing.assert_close(image, wanted, atol=1e-4, rtol=1e-4)


def test_two_parts_are_the_whole_and_the_first_is_the_low_one() -> None:
    from visualizer.networks.stylegan2_inference import LOW_PX, HighForm, InferenceForm, LowForm

    torch.manual_seed(3)
    generator = Generator(GeneratorShape(4 * LOW_PX, (8, 8, 6, 4), 16)).eval()
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.3)
    whole, low, high = InferenceForm(generator), LowForm(generator), HighForm(generator)
    named = whole.example_inputs(5)
    named["gain"], named["offset"] = named["gain"] * 1.1, named["offset"] + 0.05
    with torch.no_grad():
        features, picture = low(*(named[name] for name in low.example_inputs()))
        assert features.shape[-1] == picture.shape[-1] == LOW_PX
        given = {**named, "features": features, "picture": picture}
        painted = high(*(given[name] for name in high.example_inputs()))
        torch.testing.assert_close(painted, whole(*named.values()))
