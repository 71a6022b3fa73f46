"""The autoencoder and the stored latents, with little training."""

import gzip
import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from memdyn.files import FileProblem
from memdyn.slow_manifolds.tasks import latents
from memdyn.slow_manifolds.tasks.images import Images, load_mnist
from memdyn.slow_manifolds.tasks.latents import (
    Autoencoder,
    geometry,
    make_latents,
    read_shipped,
    refuse_collapsed,
    sample_latents,
    separation,
)
from memdyn.slow_manifolds.tasks.latents import train_autoencoder as train

BRIEF = {
    "source": "digits",
    "epochs": 1,
    "batch_size": 128,
    "learning_rate": 0.003,
    "seed": 0,
    "samples_per_image": 1,
}


#: Class means of digits 0 and 1 in the file that comes with the package (norms, degrees).
SHIPPED_NORMS, SHIPPED_ANGLE = (1.709, 2.276), 133.0
#: 400 real MNIST digits.
MNIST = Path(__file__).parent / "mnist"


def bars(side: int, n: int = 240) -> Images:
    """Bright left halves (class 0) and bright right halves (class 1), a little noisy."""
    random = np.random.default_rng(0)
    labels = np.arange(n) % 2
    pixels = random.uniform(0, 0.2, (n, side, side))
    for pixel, label in zip(pixels, labels, strict=True):
        half = slice(side // 2, None) if label else slice(side // 2)
        pixel[:, half] += 0.7
    return Images(pixels.astype(np.float32), labels, n)


@pytest.mark.parametrize("side", [8, 28])
def test_shapes_for_both_sizes(side):
    model = Autoencoder(side)
    mean, log_variance = model.encode(torch.zeros(3, side, side))
    assert mean.shape == log_variance.shape == (3, 2)
    assert model.decode(mean).shape == (3, side, side)


def test_weights_start_as_keras_starts_them():
    """Uniform within sqrt(6 / (inputs + outputs)), Glorot's bound; no offsets."""
    model = Autoencoder(28)
    for layer, inputs, outputs in (
        (model.encoder[2], 32 * 9, 64 * 9),
        (model.encoder[5], 64 * 49, 32),
        (model.mean, 32, 2),
        (model.decoder[0], 2, 64 * 49),
    ):
        limit = np.sqrt(6 / (inputs + outputs))
        largest = layer.weight.abs().max().item()
        assert 0.9 * limit < largest <= limit
    offsets = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert offsets and not any(p.any() for p in offsets)


def test_sides_that_cannot_be_halved_twice_are_refused():
    with pytest.raises(ValueError, match="images of 10 pixels"):
        Autoencoder(10)


def test_training_raises_the_bound_and_separates_plain_classes():
    images = bars(8)
    model, bound = train(images, epochs=15, batch_size=40, learning_rate=0.003, seed=0)
    assert bound.shape == (15,)
    assert bound[-1] > bound[0]
    drawn = sample_latents(model, images.pixels, 1, seed=0)
    found = separation([drawn[images.labels == 0], drawn[images.labels == 1]])
    assert found["balanced_accuracy"] > 0.9


def test_the_bound_is_that_of_a_plain_formula():
    model = Autoencoder(8).double()
    pixels = torch.from_numpy(bars(8, 6).pixels).double()
    loss = latents._negative_bound(model, pixels, torch.Generator().manual_seed(3)).item()
    mean, log_variance = (part.detach().numpy() for part in model.encode(pixels))
    noise = torch.randn(6, 2, generator=torch.Generator().manual_seed(3)).numpy()
    drawn = mean + np.sqrt(np.exp(log_variance)) * noise
    shown = torch.sigmoid(model.decode(torch.from_numpy(drawn))).detach().numpy()
    x = pixels.numpy()
    error = -(x * np.log(shown) + (1 - x) * np.log(1 - shown)).sum()
    divergence = 0.5 * (np.exp(log_variance) + mean**2 - 1 - log_variance).sum()
    assert loss == pytest.approx(error + divergence, rel=1e-6)


def test_same_seed_same_bits_whatever_ran_before():
    first, _ = make_latents(BRIEF)
    before = torch.get_num_threads()
    state = torch.random.get_rng_state()
    torch.rand(5)
    moved = torch.random.get_rng_state()
    torch.set_num_threads(2)
    again, _ = make_latents(BRIEF)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
    assert torch.equal(torch.random.get_rng_state(), moved)
    assert not torch.equal(state, moved)
    assert first.keys() == again.keys()
    for name, array in first.items():
        assert array.tobytes() == again[name].tobytes(), name


def test_another_seed_gives_other_latents():
    first, _ = make_latents(BRIEF)
    other, _ = make_latents({**BRIEF, "seed": 1})
    assert not np.array_equal(first["latents_0"], other["latents_0"])


def test_what_is_stored_of_digits():
    arrays, metadata = make_latents({**BRIEF, "samples_per_image": 3}, classes=(0, 1, 7))
    assert metadata["schema"] == latents.LATENTS_SCHEMA
    assert metadata["classes"] == [0, 1, 7]
    assert arrays["latents_0"].shape == (178 * 3, 2)
    assert arrays["latents_7"].shape == (179 * 3, 2)
    assert arrays["class_means"].shape == (3, 2)
    np.testing.assert_allclose(arrays["class_means"][2], arrays["latents_7"].mean(axis=0))
    assert arrays["all_latents"].shape == (1797, 2)
    np.testing.assert_array_equal(
        arrays["all_latents"][arrays["all_labels"] == 1], arrays["latents_1"][::3]
    )
    assert arrays["examples"].shape == arrays["reconstructions"].shape == (40, 8, 8)
    assert np.bincount(arrays["example_labels"]).tolist() == [4] * 10
    assert arrays["reconstructions"].min() >= 0
    assert arrays["reconstructions"].max() <= 1
    assert arrays["elbo"].shape == (1,)


def test_latents_of_mnist_are_those_of_its_test_set(tmp_path):
    for part, n in (("train", 120), ("t10k", 60)):
        images = bars(28, n)
        for name, array in (("images", 255 * images.pixels), ("labels", images.labels)):
            header = struct.pack(f">HBB{array.ndim}i", 0, 8, array.ndim, *array.shape)
            content = gzip.compress(header + array.astype(np.uint8).tobytes())
            (tmp_path / f"{part}-{name}-idx{array.ndim}-ubyte.gz").write_bytes(content)
    settings = {**BRIEF, "source": "mnist", "mnist_folder": str(tmp_path), "mnist_url": ""}
    arrays, _ = make_latents(settings)
    assert arrays["latents_0"].shape == (30, 2)
    assert arrays["all_labels"].shape == (60,)
    assert arrays["examples"].shape == (8, 28, 28)


def test_real_digits_come_apart():
    """After 288 updates zeros and ones of MNIST lie apart (d' 1.9 after 224).

    From torch's own first weights they do not: d' 0.35, and the bound stays at -204.5 nats.
    """
    images = load_mnist(MNIST)
    assert (images.n_train, len(images.labels)) == (300, 400)
    model, bound = train(images, epochs=18, batch_size=25, learning_rate=0.002, seed=0)
    drawn = sample_latents(model, images.pixels, 1, seed=0)
    found = separation([drawn[images.labels == digit] for digit in (0, 1)])
    assert found["d_prime"] > 1
    assert bound[-1] > -202


def test_samples_follow_the_encoder():
    images = bars(8, 4)
    model, _ = train(images, epochs=1, batch_size=4, learning_rate=0.001, seed=0)
    drawn = sample_latents(model, images.pixels, 20_000, seed=1).reshape(4, -1, 2)
    with torch.no_grad():
        mean, log_variance = model.encode(torch.from_numpy(images.pixels))
    np.testing.assert_allclose(drawn.mean(axis=1), mean, atol=0.05)
    np.testing.assert_allclose(drawn.var(axis=1), log_variance.exp(), rtol=0.05)


def test_gaussian_has_the_moments_that_it_states():
    arrays, metadata = make_latents({"source": "gaussian", "seed": 0, "samples_per_image": 20})
    assert set(arrays) == {"latents_0", "latents_1", "class_means", "all_latents", "all_labels"}
    assert arrays["latents_0"].shape == (20_000, 2)
    np.testing.assert_allclose(arrays["class_means"], [[1.9, -0.2], [-1.5, -1.6]], atol=0.03)
    np.testing.assert_allclose(arrays["latents_0"].std(axis=0), [0.5, 0.6], atol=0.02)
    np.testing.assert_allclose(arrays["latents_1"].std(axis=0), [0.9, 0.7], atol=0.02)
    assert np.corrcoef(arrays["latents_1"].T)[0, 1] == pytest.approx(-0.75, abs=0.02)
    assert metadata["balanced_accuracy"] > 0.99


def test_the_shipped_latents():
    """Equal on every machine, and with the geometry of the rebuild of the authors' latents."""
    arrays, metadata = make_latents({"source": "shipped"}, classes=(0, 1, 7))
    assert hashlib.sha256(latents.SHIPPED.read_bytes()).hexdigest() == latents.SHIPPED_SHA256
    assert arrays["all_latents"].shape == (10_000, 2)
    counts = np.bincount(arrays["all_labels"])
    assert counts[:2].tolist() == [1001, 1127]
    assert [len(arrays[f"latents_{digit}"]) for digit in (0, 1, 7)] == counts[[0, 1, 7]].tolist()
    assert arrays["examples"].shape == arrays["reconstructions"].shape == (20, 28, 28)
    assert 0.99 < arrays["examples"].max() <= 1
    assert arrays["elbo"][-1] > arrays["elbo"][0]
    assert metadata["classes"] == [0, 1, 7]
    pair = make_latents({"source": "shipped"})[1]
    assert pair["d_prime"] > 5
    np.testing.assert_allclose(pair["norms"], SHIPPED_NORMS, atol=0.005)
    assert pair["angle"] == pytest.approx(SHIPPED_ANGLE, abs=0.5)
    refuse_collapsed(pair)
    with pytest.raises(ValueError, match=r"task\.classes asks for \[11\]"):
        make_latents({"source": "shipped"}, classes=(0, 11))


def test_the_shipped_latents_are_the_same_bits_on_other_processors():
    """Nothing is trained, so kernels for processors without AVX give the same as ours."""
    code = (
        "import torch; from memdyn.slow_manifolds.tasks.latents import make_latents\n"
        "print(torch.backends.cpu.get_cpu_capability())\n"
        "for name, array in make_latents({'source': 'shipped'})[0].items():\n"
        "    print(name, array.tobytes().hex())"
    )
    plain = {**os.environ, "ATEN_CPU_CAPABILITY": "default"}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, env=plain, capture_output=True, text=True, check=True)
    kernels, *said = done.stdout.splitlines()
    ours, _ = make_latents({"source": "shipped"})
    assert kernels == "DEFAULT"
    assert said == [f"{name} {array.tobytes().hex()}" for name, array in ours.items()]


@pytest.mark.parametrize("place", [200, 40_000, -1])
def test_a_damaged_file_of_shipped_latents_is_refused(tmp_path, place):
    content = bytearray(latents.SHIPPED.read_bytes())
    content[place] ^= 1
    path = tmp_path / "mnist_latents.safetensors"
    path.write_bytes(content)
    with pytest.raises(FileProblem, match=r"mnist_latents\.safetensors is damaged .*git checkout"):
        read_shipped(path)
    path.write_bytes(content[:1000])
    with pytest.raises(FileProblem, match="is damaged"):
        read_shipped(path)
    with pytest.raises(FileProblem, match="does not exist"):
        read_shipped(tmp_path / "none.safetensors")


def test_geometry_of_known_means():
    found = geometry(np.array([[3.0, 0.0], [0.0, 4.0]]))
    assert found == {"norms": [3, 4], "angle": pytest.approx(90), "distance": pytest.approx(5)}
    third = geometry(np.array([[3.0, 0.0], [0.0, 4.0], [0.0, -4.0]]))
    assert third["angle"] == pytest.approx(90)
    assert third["distance"] == pytest.approx(5)
    opposite = geometry(np.array([[1.0, 1.0], [-2.0, -2.0]]))
    assert opposite["angle"] == pytest.approx(180)


@pytest.mark.parametrize("d_prime", [0.06, float("nan")])
def test_collapsed_latents_are_refused_in_one_sentence(d_prime):
    facts = {"source": "mnist", "classes": [0, 1], "d_prime": d_prime}
    with pytest.raises(ValueError, match=r"'mnist' do not separate the classes \[0, 1\] .*epochs"):
        refuse_collapsed(facts)
    refuse_collapsed({**facts, "d_prime": 3.5})


def test_separation_of_known_gaussians():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 4000, 2))
    other[:, 0] += 2
    found = separation([one, other])
    assert found["d_prime"] == pytest.approx(2, abs=0.1)
    assert found["balanced_accuracy"] == pytest.approx(0.841, abs=0.01)  # Phi(d' / 2)
    assert separation([one, one + 0.0])["balanced_accuracy"] == pytest.approx(0.5, abs=0.05)
    far = other + np.array([9, 0])
    assert separation([one, other, far])["d_prime"] == pytest.approx(2, abs=0.1)


def test_unknown_source_and_missing_class():
    with pytest.raises(ValueError, match=r"stimuli\.source is 'pictures': choose shipped"):
        make_latents({**BRIEF, "source": "pictures"})
    with pytest.raises(ValueError, match=r"task\.classes asks for \[7\]"):
        make_latents({"source": "gaussian", "seed": 0, "samples_per_image": 1}, classes=(0, 7))
