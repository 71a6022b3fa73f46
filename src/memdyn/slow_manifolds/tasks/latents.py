"""Two-dimensional latents of digit images: what the stimuli of study 1 are drawn from.

A small convolutional variational autoencoder (the standard example that a third party rebuilt the
authors' latents with) maps images to a plane; *sampled* latents are kept, not their means. Training
amplifies rounding, so the same seed gives other latents on another processor: the source
``shipped`` reads latents of MNIST digits that were made once (``mnist_latents.md``), equal
everywhere. The ``gaussian`` source replaces all this by two Gaussians with the moments read off
that rebuild.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score
from torch import nn
from torch.nn import functional

from memdyn.files import FileProblem, load_arrays
from memdyn.slow_manifolds.tasks.images import Images, load_digits, load_mnist
from memdyn.slow_manifolds.tasks.pattern_matching import LATENTS_SCHEMA

N_EXAMPLES = 4  # images kept per class, with their reconstructions, for a figure
MIN_D_PRIME = 1.0  # of single draws; a collapsed autoencoder has 0.1, a usable one 3 and more

#: Latents that come with the package, their kind, and the checksum of the file. The checksum stands
#: in code so that another file reruns what depends on it.
SHIPPED = Path(__file__).with_name("mnist_latents.safetensors")
SHIPPED_SCHEMA = "shipped_latents/1"
SHIPPED_SHA256 = "e1e92c1895dec5ffd86fa4ca9f7b184548af89aad3dd389a018e14dd169ad4d6"

# Surrogate (ASSUMPTION, from the scatter of one rebuilt autoencoder): mean, SDs, correlation.
GAUSSIAN_MOMENTS = (
    ((1.9, -0.2), (0.5, 0.6), 0.0),
    ((-1.5, -1.6), (0.9, 0.7), -0.75),
)
GAUSSIAN_DRAWS = 1000  # per class and sample_per_image; MNIST's test set holds about as many


class Autoencoder(nn.Module):
    """Convolutional variational autoencoder with a plane as its latent space.

    Encoder: convolutions to 32 and 64 channels (3 x 3, stride 2, relu), 32 dense units, then mean
    and log variance. Decoder: the mirror image, giving logits of the pixels.

    Args:
        side: pixels along an edge of the image; a multiple of 4.
    """

    def __init__(self, side: int):
        super().__init__()
        if side % 4:
            raise ValueError(f"images of {side} pixels: the autoencoder needs a multiple of 4")
        small = side // 4
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * small**2, 32),
            nn.ReLU(),
        )
        self.mean = nn.Linear(32, 2)
        self.log_variance = nn.Linear(32, 2)
        self.decoder = nn.Sequential(
            nn.Linear(2, 64 * small**2),
            nn.ReLU(),
            nn.Unflatten(1, (64, small, small)),
            nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 1, 3, padding=1),
        )
        # Glorot's weights and no offsets, as Keras starts the example. From torch's own, smaller
        # ones the latents of MNIST collapse onto each other (d' 0.06) and the bound stays where
        # they do, at -206 nats; from these it passes -200 in the third pass over 10 000 digits.
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)

    def encode(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance (n, 2) of images (n, side, side)."""
        hidden = self.encoder(pixels[:, None])
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Logits (n, side, side) of the pixels, from latents (n, 2)."""
        return self.decoder(latents)[:, 0]


def train_autoencoder(
    images: Images, *, epochs: int, batch_size: int, learning_rate: float, seed: int
) -> tuple[Autoencoder, np.ndarray]:
    """Train on all images with Adam; the same seed gives the same bits on one machine.

    Returns:
        The autoencoder, and (epochs,) the mean evidence lower bound per image (nats), as trained.
    """
    pixels = torch.from_numpy(images.pixels)
    random = torch.Generator().manual_seed(seed)
    with _one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the first weights, which torch draws from its global generator
        # Channels last: a sixth faster on a CPU.
        model = Autoencoder(pixels.shape[-1])
        model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] (not in torch's stubs)
        optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
        bound = np.zeros(epochs)
        for epoch in range(epochs):
            for batch in torch.randperm(len(pixels), generator=random).split(batch_size):
                loss = _negative_bound(model, pixels[batch], random)
                optimiser.zero_grad()
                (loss / len(batch)).backward()
                optimiser.step()
                bound[epoch] -= loss.item() / len(pixels)
    return model, bound


@torch.no_grad()
def sample_latents(model: Autoencoder, pixels: np.ndarray, n_samples: int, seed: int) -> np.ndarray:
    """Latents (n * n_samples, 2) of images (n, side, side); samples of one image are adjacent."""
    random = torch.Generator().manual_seed(seed)
    with _one_thread():
        mean, log_variance = _in_batches(model.encode, torch.from_numpy(pixels))
        mean, log_variance = (
            part.repeat_interleave(n_samples, dim=0) for part in (mean, log_variance)
        )
        return _sample(mean, log_variance, random).numpy()


@torch.no_grad()
def reconstruct(model: Autoencoder, pixels: np.ndarray) -> np.ndarray:
    """What the decoder makes of the mean latents of images (n, side, side); same shape."""
    with _one_thread():
        mean, _ = _in_batches(model.encode, torch.from_numpy(pixels))
        return model.decode(mean).sigmoid().numpy()


def examples(
    model: Autoencoder, pixels: np.ndarray, labels: np.ndarray, n: int
) -> dict[str, np.ndarray]:
    """The first n images of each class of (images, side, side) pixels, and what becomes of them."""
    rows = np.concatenate([np.flatnonzero(labels == k)[:n] for k in np.unique(labels)])
    return {
        "examples": pixels[rows],
        "reconstructions": reconstruct(model, pixels[rows]),
        "example_labels": labels[rows],
    }


def make_latents(
    settings: Mapping[str, Any], classes: Sequence[int] = (0, 1)
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Everything about the stimuli that the pipeline stores.

    Args:
        settings: "source" (shipped, digits, mnist or gaussian) and "draws" (fresh, the default, or
            frozen); unless shipped also "samples_per_image" and "seed"; for digits and mnist also
            "epochs", "batch_size", "learning_rate"; for mnist also "mnist_folder" and "mnist_url".
        classes: the digits that the stimuli show; [0, 1] only, for gaussian.

    Returns:
        Arrays, and metadata (with "schema", "draws" and the results of :func:`separation` and
        :func:`geometry`). Arrays: "latents_<class>" (n, 2) for each class asked for; "class_means"
        (classes, 2), in their order; "all_latents" (n, 2) and "all_labels" (n,), one draw per image
        of every class. From images also "examples", "reconstructions" (m, side, side) and
        "example_labels" (m,), a few of each class, and "elbo" (epochs,), nats per image. Latents of
        mnist are those of its test set, as the authors'; the others' are of all their images.

    Raises:
        ValueError: an unknown source, or a class that the source does not have.
        FileProblem: MNIST files are missing or damaged, or the shipped file is.
    """
    source, seed = settings["source"], settings.get("seed", 0)
    n_samples = 1 if source == "shipped" else settings["samples_per_image"]
    if source == "shipped":
        drawn, labels, extra = read_shipped()
    elif source == "gaussian":
        labels = np.repeat(np.arange(len(GAUSSIAN_MOMENTS)), GAUSSIAN_DRAWS)
        drawn = _draw_gaussians(n_samples, seed)
        extra = {}
    elif source in ("digits", "mnist"):
        if source == "digits":
            images = load_digits()
        else:
            images = load_mnist(settings["mnist_folder"], settings["mnist_url"])
        training = {name: settings[name] for name in ("epochs", "batch_size", "learning_rate")}
        model, bound = train_autoencoder(images, **training, seed=seed)
        kept = slice(images.n_train, None) if images.n_train < len(images.labels) else slice(None)
        pixels, labels = images.pixels[kept], images.labels[kept]
        drawn = sample_latents(model, pixels, n_samples, seed)
        extra = {"elbo": bound, **examples(model, pixels, labels, N_EXAMPLES)}
    else:
        raise ValueError(f"stimuli.source is {source!r}: choose shipped, digits, mnist or gaussian")
    missing = sorted(set(classes) - set(labels.tolist()))
    if missing:
        raise ValueError(f"task.classes asks for {missing}, which the source {source!r} lacks")
    drawn = drawn.reshape(len(labels), n_samples, 2)
    chosen = {f"latents_{label}": drawn[labels == label].reshape(-1, 2) for label in classes}
    arrays = {
        **chosen,
        "class_means": np.stack([points.mean(axis=0) for points in chosen.values()]),
        "all_latents": drawn[:, 0],
        "all_labels": labels,
        **extra,
    }
    metadata = {
        "schema": LATENTS_SCHEMA,
        "source": source,
        "draws": settings.get("draws", "fresh"),
        "classes": list(classes),
        **separation([drawn[labels == label, 0] for label in classes], seed),
        **geometry(arrays["class_means"]),
    }
    return arrays, metadata


def refuse_collapsed(metadata: Mapping[str, Any]) -> None:
    """Refuse stimuli whose classes single draws do not tell apart (d' below ``MIN_D_PRIME``).

    Args:
        metadata: from :func:`make_latents`.

    Raises:
        ValueError: in one sentence, with what to change.
    """
    if not metadata["d_prime"] >= MIN_D_PRIME:
        raise ValueError(
            f"the latents of the source {metadata['source']!r} do not separate the classes "
            f"{metadata['classes']} (d' = {metadata['d_prime']:.2f}, at least {MIN_D_PRIME:g} is "
            "needed): give stimuli.epochs or stimuli.seed another value, or take the source shipped"
        )


def read_shipped(
    path: Path | str = SHIPPED, sha256: str = SHIPPED_SHA256
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """The latents of MNIST digits that come with the package, checked against their checksum.

    Args:
        path: a file written by ``python -m memdyn.slow_manifolds.tasks.ship_latents``.
        sha256: its checksum (hexadecimal).

    Returns:
        Latents (n, 2) and labels (n,) of n images of all digits, one sampled latent per image, and
        what :func:`make_latents` stores besides.

    Raises:
        FileProblem: the file is missing, or not the one that was made.
    """
    path = Path(path)
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise FileProblem(
            f"{path} is damaged (its SHA-256 is not {sha256[:12]}...): "
            "install memdyn again, or get this file again with git checkout"
        )
    arrays, _ = load_arrays(path, SHIPPED_SCHEMA)
    extra = {
        "examples": arrays["examples"] / np.float32(255),
        "reconstructions": arrays["reconstructions"] / np.float32(255),
        "example_labels": arrays["example_labels"].astype(np.int64),
        "elbo": arrays["elbo"],
    }
    return arrays["latents"], arrays["labels"].astype(np.int64), extra


def geometry(class_means: np.ndarray) -> dict[str, Any]:
    """Where the memory targets lie, whatever the rotation of the plane.

    Args:
        class_means: (classes, 2).

    Returns:
        "norms", one per class; "angle" (degrees, seen from the origin) and "distance" of two class
        means, each the smallest over pairs of classes.
    """
    means = np.asarray(class_means, dtype=np.float64)
    norms = np.linalg.norm(means, axis=1)
    first, second = np.triu_indices(len(means), 1)
    cosines = (means[first] * means[second]).sum(axis=1) / (norms[first] * norms[second])
    return {
        "norms": norms.tolist(),
        "angle": float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).min()),
        "distance": float(np.linalg.norm(means[first] - means[second], axis=1).min()),
    }


def separation(latents: Sequence[np.ndarray], seed: int = 0) -> dict[str, float]:
    """How well single draws tell the classes apart.

    Args:
        latents: (n, 2) for each class, one draw per image.
        seed: of the five folds.

    Returns:
        "d_prime": distance of two class means over their pooled SD, along the axis of linear
        discriminant analysis (the smallest over pairs of classes); "balanced_accuracy": of that
        classifier over all classes, five-fold cross-validated, between 0 and 1.
    """
    pairs = [(a, b) for i, a in enumerate(latents) for b in latents[i + 1 :]]
    points = np.concatenate(latents)
    labels = np.repeat(np.arange(len(latents)), [len(rows) for rows in latents])
    scores = cross_val_score(
        LinearDiscriminantAnalysis(),
        points,
        labels,
        cv=StratifiedKFold(5, shuffle=True, random_state=seed),
        scoring="balanced_accuracy",
    )
    return {
        "d_prime": min(_d_prime(a, b) for a, b in pairs),
        "balanced_accuracy": float(scores.mean()),
    }


def _d_prime(one: np.ndarray, other: np.ndarray) -> float:
    difference = one.mean(axis=0) - other.mean(axis=0)
    covariance = (np.cov(one.T) + np.cov(other.T)) / 2
    # Along the discriminant axis the distance in SDs is the Mahalanobis distance of the means.
    return float(np.sqrt(difference @ np.linalg.solve(covariance, difference)))


def _draw_gaussians(n_samples: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    drawn = []
    for mean, (sd_x, sd_y), correlation in GAUSSIAN_MOMENTS:
        off = correlation * sd_x * sd_y
        covariance = [[sd_x**2, off], [off, sd_y**2]]
        size = GAUSSIAN_DRAWS * n_samples
        drawn.append(random.multivariate_normal(mean, covariance, size=size))
    return np.concatenate(drawn).astype(np.float32)


def _negative_bound(
    model: Autoencoder, pixels: torch.Tensor, random: torch.Generator
) -> torch.Tensor:
    """Binary cross-entropy summed over pixels plus Kullback-Leibler term, summed over images."""
    mean, log_variance = model.encode(pixels)
    logits = model.decode(_sample(mean, log_variance, random))
    error = functional.binary_cross_entropy_with_logits(logits, pixels, reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
    return error + divergence


def _sample(
    mean: torch.Tensor, log_variance: torch.Tensor, random: torch.Generator
) -> torch.Tensor:
    noise = torch.randn(mean.shape, generator=random)
    return mean + (0.5 * log_variance).exp() * noise


def _in_batches(encode, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    parts = [encode(batch) for batch in pixels.split(1024)]
    means, variances = (torch.cat(column) for column in zip(*parts, strict=True))
    return means, variances


@contextmanager
def _one_thread():
    # Sums over several threads come out differently from run to run of another machine size.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
