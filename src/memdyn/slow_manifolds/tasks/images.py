"""Images of handwritten digits, from scikit-learn or from the MNIST files.

What is downloaded must have the checksum of the file that LeCun, Cortes and Burges distributed.
Files that a user has put there are checked for their shape and their labels only: there are other
sets in this format. A flipped bit is seen where they are gzipped, and not where they are plain.
"""

import gzip
import hashlib
import http.client
import urllib.request
import zlib
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from memdyn.files import FileProblem, write_atomically

#: SHA256 of the files as they were first distributed.
CHECKSUMS = {
    "train-images": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
#: Bytes that a download may have (the largest has 9.9 million), and a file unpacked (47 million).
MOST_DOWNLOADED, MOST_BYTES = 20_000_000, 2**30
SIDE, N_CLASSES = 28, 10


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
        FileProblem: truncated, too long, empty, larger than ``MOST_BYTES``, or not such a file.
    """
    n_header = 4 + 4 * n_dimensions
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            header = file.read(n_header)
            # 0, 0, 8 (unsigned bytes), number of dimensions; then each length as big-endian int32.
            if header[:4] != bytes([0, 0, 8, n_dimensions]):
                raise FileProblem(
                    f"{path} does not start like an IDX file of {n_dimensions} dimension(s): "
                    "get this file again"
                )
            lengths = np.frombuffer(header[4:].ljust(n_header - 4, b"\0"), ">i4").tolist()
            size = prod(lengths)  # of Python's integers, which do not wrap
            if min(lengths) < 1 or size > MOST_BYTES:
                raise FileProblem(
                    f"{path} states the lengths {lengths}, which no such file has: "
                    "get this file again"
                )
            content = file.read(size + 1)  # one more: reads to the end, where gzip's checksum is
    except (OSError, EOFError, zlib.error) as problem:
        raise FileProblem(f"{path} cannot be unpacked ({problem}): get this file again") from None
    if len(content) != size:
        raise FileProblem(
            f"{path} does not hold the number of bytes that its header states: get this file again"
        )
    return np.frombuffer(content, np.uint8).reshape(lengths)


def _load_set(folder: Path, part: str, url: str | None) -> tuple[np.ndarray, np.ndarray]:
    image_file = _find_or_download(folder, f"{part}-images", "idx3-ubyte", url)
    label_file = _find_or_download(folder, f"{part}-labels", "idx1-ubyte", url)
    pixels, labels = read_idx(image_file, 3), read_idx(label_file, 1)
    if pixels.shape[1:] != (SIDE, SIDE):
        raise FileProblem(
            f"{image_file} holds images of {pixels.shape[1]} x {pixels.shape[2]} pixels, not of "
            f"{SIDE} x {SIDE}: get this file again"
        )
    if labels.max() >= N_CLASSES:
        raise FileProblem(
            f"{label_file} holds the label {labels.max()}, but digits are below {N_CLASSES}: "
            "get this file again"
        )
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
    if not address.startswith("https://"):
        raise FileProblem(f"{address} could not be downloaded (only https is trusted): {wish}")
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            content = answer.read(MOST_DOWNLOADED)
    except (OSError, ValueError, http.client.HTTPException) as problem:
        raise FileProblem(f"{address} could not be downloaded ({problem}): {wish}") from None
    if hashlib.sha256(content).hexdigest() != CHECKSUMS[name]:
        raise FileProblem(f"{address} did not give the known file (its checksum differs): {wish}")
    with write_atomically(target) as temporary:
        temporary.write_bytes(content)
    return target
