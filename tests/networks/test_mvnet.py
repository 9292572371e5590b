"""MVNet: shapes and sizes as in table 1, the resize of v, folding, and what level does to hearing."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch", reason="the extra 'train' is not installed")

from visualizer.features.mel import EraMel  # noqa: E402
from visualizer.networks.mvnet import (  # noqa: E402
    Classifier,
    Discriminator,
    Encoder,
    Generator,
    MVNet,
    SelfAttention,
    Standardise,
    example_inputs,
    norm_by,
    square,
)


@pytest.fixture(scope="module")
def mvnet() -> MVNet:
    torch.manual_seed(0)
    return MVNet(power=0.25).eval()


def n_weights(module: torch.nn.Module, *kinds: type) -> int:
    return sum(layer.weight.numel() for layer in module.modules() if isinstance(layer, kinds))


def test_shapes_are_those_of_table_1(mvnet):
    mel, v, z = example_inputs()
    assert mel.shape[1:] == torch.from_numpy(EraMel().window()).shape
    assert mvnet.encoder(mel).shape == v.shape == (1, 1, 8, 16)
    assert z.shape == (1, 256, 8, 8)
    assert mvnet(mel, z).shape == (1, 3, 64, 64)
    assert Discriminator()(torch.zeros(2, 3, 64, 64)).shape == (2, 256, 4, 4)


def test_each_layer_of_table_1_has_its_shape(mvnet):
    seen = []

    def note(_, __, out):
        seen.append(tuple(out.shape[1:]))

    copied = copy.deepcopy(mvnet)
    for module in copied.modules():
        if isinstance(module, torch.nn.ReLU | SelfAttention | torch.nn.ConvTranspose2d):
            module.register_forward_hook(note)
    mel, _, z = example_inputs()
    copied(mel, z)
    assert seen[:5] == [(32, 128, 256), (64, 64, 128), (128, 32, 64), (256, 16, 32), (256, 8, 16)]
    assert seen[5:] == [*4 * [(128, 32, 32)], (3, 64, 64)], "deconvolution of z, of both, attention twice"
    assert copied.generator.deconv1.weight.shape == (257, 256, 4, 4), "16 × 16 × 256, of 256 z and one v"


def test_numbers_of_weights_are_those_of_table_1(mvnet):
    convs = 9 * (3 * 32 + 32 * 64 + 64 * 128 + 128 * 256 + 256 * 256) + 256
    assert n_weights(mvnet.encoder, torch.nn.Conv2d) == convs
    deconvs = 16 * (257 * 256 + 256 * 128 + 128 * 3)
    assert n_weights(mvnet.generator, torch.nn.ConvTranspose2d) == deconvs
    patches = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 256)
    assert n_weights(Discriminator(), torch.nn.Conv2d) == patches
    assert sum(p.numel() for p in Classifier(20).parameters()) == pytest.approx(94_000, rel=0.02)


def test_v_is_squared_by_the_mean_of_two_neighbours():
    v = torch.randn(2, 1, 8, 16)
    assert torch.allclose(square(v), (v[..., 0::2] + v[..., 1::2]) / 2, atol=1e-6)
    assert torch.equal(square(torch.full((1, 1, 8, 16), 0.3)), torch.full((1, 1, 8, 8), 0.3))


def test_images_are_between_minus_one_and_one_and_hear_both_v_and_z(mvnet):
    _, v, z = example_inputs()
    image = mvnet.generator(v, z)
    assert image.abs().max() <= 1
    assert not torch.allclose(image, mvnet.generator(v + 1, z), atol=1e-3)
    assert not torch.allclose(image, mvnet.generator(v, z.flip(1)), atol=1e-3)


def test_deconvolutions_are_spectrally_normalised_until_folded(mvnet):
    trained = Generator().train()
    for _ in range(30):
        trained(torch.randn(1, 1, 8, 16), torch.randn(1, 256, 8, 8))
    weight = trained.deconv1.weight.transpose(0, 1).flatten(1)
    assert torch.linalg.matrix_norm(weight.detach(), 2).item() == pytest.approx(1, abs=0.05)
    mel, _, z = example_inputs()
    folded = MVNet(power=0.25)
    folded.load_state_dict(mvnet.state_dict())
    assert torch.allclose(folded.fold()(mel, z), mvnet(mel, z), atol=1e-6)
    assert "generator.deconv1.weight" in folded.state_dict()
    assert not any("parametrizations" in name for name in folded.state_dict())


def test_norms_are_those_of_z_so_that_what_v_says_everywhere_is_kept():
    torch.manual_seed(0)
    generator = Generator().eval()
    silent, louder = torch.randn(2, 256, 8, 8), torch.randn(2, 256, 8, 8) + 3
    norm = generator.norm1
    assert torch.allclose(norm_by(silent, silent, norm), norm(silent), atol=1e-4)
    assert norm_by(silent, louder, norm).mean() > 2
    assert norm(louder).mean().abs() < 1e-4, "a norm by itself would take it away"


def test_what_g_hears_of_v_is_the_same_loudness_and_says_how_late_it_sounds():
    torch.manual_seed(0)
    order = torch.arange(600) % 20
    v = torch.randn(600, 1, 8, 16) * 0.07 + 0.5
    v[:, 0, 3] += 0.02 * (order[:, None] - 10)
    layer = Standardise()
    layer.fit(v, order.float())
    heard = layer(v)
    assert heard.shape == (600, 1, 8, 8) and heard.mean().abs() < 0.5
    late = heard.mean((1, 2, 3))
    assert torch.corrcoef(torch.stack((late, order.float())))[0, 1] > 0.8
    assert torch.allclose(layer(v[:1]), heard[:1], atol=1e-4), "each v by itself"
    quiet = Standardise()
    quiet.fit(v * 0.01, order.float(), ridge=0.1)
    assert torch.allclose(quiet(v * 0.01), heard, atol=1e-2), "the size of v does not matter"


def test_self_attention_begins_as_nothing_and_then_reaches_everywhere():
    torch.manual_seed(1)
    attention = SelfAttention(16)
    x = torch.randn(1, 16, 8, 8)
    assert torch.equal(attention(x), x)
    attention.strength.data.fill_(1.0)
    other = x.clone()
    other[..., 7, 7] += 5
    assert not torch.allclose(attention(x)[..., 0, 0], attention(other)[..., 0, 0])


@pytest.mark.parametrize("power", [1.0, 0.25])
def test_level_is_not_heard_and_silence_is_finite(power):
    torch.manual_seed(0)
    encoder = Encoder(power).eval()
    mel = torch.rand(1, 3, 128, 256) ** 8
    assert torch.allclose(encoder(mel), encoder(mel * 0.01), atol=1e-3)
    silence = encoder(torch.zeros(1, 3, 128, 256))
    assert torch.isfinite(silence).all()
    assert encoder.level(torch.zeros(1, 3, 128, 256)).max() < 0.02
    assert torch.isfinite(encoder(torch.full((1, 3, 128, 256), 1e6))).all()


def test_linear_power_is_the_default():
    mel = torch.rand(1, 3, 128, 256)
    assert torch.allclose(Encoder().level(mel), mel / mel.mean(), rtol=1e-4)
