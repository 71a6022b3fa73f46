"""The maker of the shipped latents, on 400 real digits and one pass."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from memdyn.files import load_arrays
from memdyn.slow_manifolds.tasks.images import load_mnist
from memdyn.slow_manifolds.tasks.latents import SHIPPED, SHIPPED_SCHEMA, read_shipped
from memdyn.slow_manifolds.tasks.ship_latents import describe, main, mismatch

MNIST = Path(__file__).parent / "mnist"


def test_mismatch_of_known_geometry():
    assert mismatch({"norms": [1.91, 2.19], "angle": 127}) == pytest.approx(0)
    off = mismatch({"norms": [2 * 1.91, 2.19], "angle": 127})
    assert off == pytest.approx(np.sqrt(1 / 3))


def test_from_images_to_the_file(tmp_path, capsys):
    path = tmp_path / "mine.safetensors"
    brief = ["--epochs", "1", "--batch-size", "200", "--out", str(path)]
    main([str(MNIST), "--seeds", "0", "1", *brief])
    table, _, checksum = capsys.readouterr().out.partition("SHA-256 ")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == checksum.strip()
    lines = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert [len(cells) for cells in lines] == [9, 9, 9]
    drawn, labels, extra = read_shipped(path, checksum.strip())
    images = load_mnist(MNIST)
    np.testing.assert_array_equal(labels, images.labels)
    assert drawn.shape == (400, 2)
    assert extra["example_labels"].tolist() == [digit for digit in range(10) for _ in range(2)]
    first = np.flatnonzero(images.labels == 3)[0]
    np.testing.assert_array_equal(extra["examples"][6], images.pixels[first])
    _, metadata = load_arrays(path, SHIPPED_SCHEMA)
    assert metadata["mismatch"] == describe(drawn, labels)["mismatch"]
    kept = lines[1 + metadata["recipe"]["seed"]]
    other = lines[2 - metadata["recipe"]["seed"]]
    assert float(kept[-1].strip(" |")) <= float(other[-1].strip(" |"))


def test_the_shipped_file_states_its_recipe():
    drawn, labels, extra = read_shipped()
    _, metadata = load_arrays(SHIPPED, SHIPPED_SCHEMA)
    recipe = metadata["recipe"]
    assert recipe["epochs"] == len(extra["elbo"])
    assert (recipe["batch_size"], recipe["learning_rate"]) == (128, 0.001)
    assert recipe["images"] == len(labels) == 10_000
    found = describe(drawn, labels)
    for name in ("norms", "angle", "distance", "d_prime", "mismatch"):
        assert metadata[name] == pytest.approx(found[name])
    assert "CC BY-SA" in metadata["licence"]
    note = SHIPPED.with_suffix(".md").read_text()
    assert f"| **{recipe['seed']}** | {recipe['epochs']} |" in note
