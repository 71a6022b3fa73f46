"""Images of handwritten digits, from scikit-learn or from the MNIST files."""

import gzip
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from memdyn.files import FileProblem, write_atomically


class Images(NamedTuple):
    """Grey images and their classes.

    Attributes:
        pixels: (n, side, side) float32 in [0, 1].
        labels: (n,) int64.
        n_train: the first so many images are the training set (all of them where there is none).
    """

    pixels: np.ndarray
    labels: np.ndarray
    n_train: int


def load_digits() -> Images:
    """The 1797 digits of 8 x 8 pixels that come with scikit-learn."""
    import sklearn.datasets  # late: it is slow to import and mnist does without

    digits = sklearn.datasets.load_digits()
    return Images(
        pixels=(digits.images / 16).astype(np.float32),
        labels=digits.target.astype(np.int64),
        n_train=len(digits.target),
    )


def load_mnist(folder: Path | str, url: str | None = None) -> Images:
    """The MNIST digits of 28 x 28 pixels, training set first, from their four IDX files.

    Args:
        folder: where the files lie under the names they are distributed with, as
            ``train-images-idx3-ubyte`` or ``train-images.idx3-ubyte``, plain or with ``.gz``.
        url: address of the folder that missing files are downloaded from; None or "" to never try.

    Raises:
        FileProblem: a file is missing and could not be downloaded, or is truncated, foreign, or
            does not match its partner.
    """
    sets = [_load_set(Path(folder), part, url) for part in ("train", "t10k")]
    return Images(
        pixels=np.concatenate([pixels for pixels, _ in sets]),
        labels=np.concatenate([labels for _, labels in sets]),
        n_train=len(sets[0][1]),
    )


def read_idx(path: Path, n_dimensions: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or plain.

    Args:
        path: the file; ``.gz`` at its end means gzip.
        n_dimensions: 3 for images, 1 for labels.

    Returns:
        uint8 array of the shape that the file states.

    Raises:
        FileProblem: truncated, too long, or not such a file.
    """
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as problem:
        raise FileProblem(f"{path} cannot be unpacked ({problem}): get this file again") from None
    # Header: 0, 0, 8 (unsigned bytes), number of dimensions; then each length as big-endian int32.
    n_header = 4 + 4 * n_dimensions
    if content[:4] != bytes([0, 0, 8, n_dimensions]):
        raise FileProblem(
            f"{path} does not start like an IDX file of {n_dimensions} dimension(s): "
            "get this file again"
        )
    lengths = np.frombuffer(content[4:n_header].ljust(n_header - 4, b"\0"), ">i4")
    if len(content) != n_header + np.prod(lengths, dtype=np.int64):
        raise FileProblem(
            f"{path} holds {len(content)} bytes, not the number that its header states: "
            "get this file again"
        )
    return np.frombuffer(content, np.uint8, offset=n_header).reshape(lengths)


def _load_set(folder: Path, part: str, url: str | None) -> tuple[np.ndarray, np.ndarray]:
    image_file = _find_or_download(folder, f"{part}-images", "idx3-ubyte", url)
    label_file = _find_or_download(folder, f"{part}-labels", "idx1-ubyte", url)
    pixels, labels = read_idx(image_file, 3), read_idx(label_file, 1)
    if len(pixels) != len(labels):
        raise FileProblem(
            f"{label_file} holds {len(labels)} labels for the {len(pixels)} images of "
            f"{image_file}: get both files again"
        )
    return (pixels / np.float32(255)).astype(np.float32), labels.astype(np.int64)


def _find_or_download(folder: Path, name: str, kind: str, url: str | None) -> Path:
    for file in (f"{name}{mark}{kind}{end}" for mark in "-." for end in ("", ".gz")):
        if (folder / file).is_file():
            return folder / file
    target = folder / f"{name}-{kind}.gz"
    wish = f"put the four MNIST files (train and t10k, images and labels) into {folder}"
    if not url:
        raise FileProblem(f"{target} does not exist: {wish}")
    address = f"{url.rstrip('/')}/{target.name}"
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            content = answer.read()
    except (OSError, ValueError, urllib.error.URLError) as problem:
        raise FileProblem(f"{address} could not be downloaded ({problem}): {wish}") from None
    with write_atomically(target) as temporary:
        temporary.write_bytes(content)
        try:
            read_idx(temporary, 3 if "images" in name else 1)
        except FileProblem:
            raise FileProblem(f"{address} did not give an IDX file: {wish}") from None
    return target
