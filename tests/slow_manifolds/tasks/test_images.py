"""Image sources; the MNIST reader on small IDX files written here."""

import gzip
import hashlib
import http.client
import struct
import tracemalloc
import urllib.request

import numpy as np
import pytest

from memdyn.files import FileProblem
from memdyn.slow_manifolds.tasks import images
from memdyn.slow_manifolds.tasks.images import load_digits, load_mnist, read_idx

RANDOM = np.random.default_rng(0)
SIZES = {"train": 5, "t10k": 3}
IMAGES = {part: RANDOM.integers(0, 256, (n, 28, 28)).astype(np.uint8) for part, n in SIZES.items()}
LABELS = {part: RANDOM.integers(0, 10, n).astype(np.uint8) for part, n in SIZES.items()}


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}i", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder, mark="-", end=".gz"):
    folder.mkdir(exist_ok=True)
    for part in SIZES:
        for name, array in (("images", IMAGES[part]), ("labels", LABELS[part])):
            content = idx(array)
            path = folder / f"{part}-{name}{mark}idx{array.ndim}-ubyte{end}"
            path.write_bytes(gzip.compress(content) if end else content)


def test_digits():
    digits = load_digits()
    assert digits.pixels.shape == (1797, 8, 8)
    assert digits.pixels.dtype == np.float32
    assert digits.pixels.min() == 0
    assert digits.pixels.max() == 1
    assert set(digits.labels) == set(range(10))
    assert digits.n_train == 1797


@pytest.mark.parametrize("mark", "-.")
@pytest.mark.parametrize("end", ["", ".gz"])
def test_mnist_files(tmp_path, mark, end):
    write_mnist(tmp_path, mark, end)
    found = load_mnist(tmp_path)
    assert found.n_train == SIZES["train"]
    assert found.pixels.dtype == np.float32
    expected = np.concatenate([IMAGES["train"], IMAGES["t10k"]])
    np.testing.assert_array_equal(np.round(found.pixels * 255), expected)
    np.testing.assert_array_equal(found.labels, np.concatenate([LABELS["train"], LABELS["t10k"]]))


@pytest.mark.parametrize("length", [0, 3, 10, 16, 800])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_truncated_content_is_refused(tmp_path, length, end):
    content = idx(IMAGES["t10k"])[:length]
    path = tmp_path / f"t10k-images-idx3-ubyte{end}"
    path.write_bytes(gzip.compress(content) if end else content)
    with pytest.raises(FileProblem, match=r"t10k-images-idx3-ubyte.* get this file again"):
        read_idx(path, 3)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated_gzip_is_refused(tmp_path, share):
    packed = gzip.compress(idx(IMAGES["train"]))
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(packed[: int(share * len(packed))])
    with pytest.raises(FileProblem, match=r"train-images-idx3-ubyte\.gz .*get this file again"):
        read_idx(path, 3)


@pytest.mark.parametrize(
    "content", [idx(LABELS["train"]), b"<html>not found</html>", idx(IMAGES["train"]) + b"\0"]
)
def test_other_content_is_refused(tmp_path, content):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(FileProblem, match=r"train-images-idx3-ubyte .*get this file again"):
        read_idx(path, 3)


def test_plain_bytes_under_a_gzip_name_are_refused(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(idx(IMAGES["train"]))
    with pytest.raises(FileProblem, match="cannot be unpacked"):
        read_idx(path, 3)


def test_labels_must_match_images(tmp_path):
    write_mnist(tmp_path, end="")
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS["train"]))
    with pytest.raises(FileProblem, match=r"t10k-labels-idx1-ubyte holds 5 labels for the 3"):
        load_mnist(tmp_path)


def test_missing_files_and_no_address(tmp_path):
    with pytest.raises(FileProblem, match="put the four MNIST files"):
        load_mnist(tmp_path / "none")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """An https address that gives the files of a folder, whose checksums are the known ones."""
    write_mnist(tmp_path / "server")
    known = {
        path.name.split("-idx")[0]: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "server").iterdir()
    }
    monkeypatch.setattr(images, "CHECKSUMS", known)

    def urlopen(address, timeout):
        return (tmp_path / "server" / address.rpartition("/")[2]).open("rb")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return "https://server/mnist"


def test_missing_files_are_downloaded(tmp_path, server):
    found = load_mnist(tmp_path / "here", url=server)
    assert len(found.labels) == sum(SIZES.values())
    assert len(list((tmp_path / "here").iterdir())) == 4


@pytest.mark.parametrize(
    "url", ["file:///nowhere", "http://server/mnist", "no address", "https://127.0.0.1:9/mnist"]
)
def test_a_failed_download_says_what_to_do(tmp_path, url):
    with pytest.raises(FileProblem, match=r"could not be downloaded .* put the four MNIST"):
        load_mnist(tmp_path / "here", url=url)


def test_a_broken_connection_says_what_to_do(tmp_path, server, monkeypatch):
    def urlopen(address, timeout):
        raise http.client.IncompleteRead(b"half")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(FileProblem, match=r"could not be downloaded .* put the four MNIST"):
        load_mnist(tmp_path / "here", url=server)


@pytest.mark.parametrize(
    "content", [b"<html>please log in</html>", gzip.compress(idx(IMAGES["train"] ^ 1)), b""]
)
def test_a_download_of_something_else_is_not_kept(tmp_path, server, content):
    (tmp_path / "server" / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(FileProblem, match="did not give the known file"):
        load_mnist(tmp_path / "here", url=server)
    assert not (tmp_path / "here").exists()


def test_a_download_is_bounded(tmp_path, server, monkeypatch):
    monkeypatch.setattr(images, "MOST_DOWNLOADED", 10)
    with pytest.raises(FileProblem, match="did not give the known file"):
        load_mnist(tmp_path / "here", url=server)


@pytest.mark.parametrize(
    "lengths", [(-1, 28, -28), (65536, 65536, 1), (0, 28, 28), (5, 0, 28), (1, 1, -5)]
)
@pytest.mark.parametrize("end", ["", ".gz"])
def test_impossible_lengths_are_refused(tmp_path, lengths, end):
    """Negative ones, a product that wraps to what the file has, or no image."""
    content = struct.pack(">HBB3i", 0, 8, 3, *lengths)
    path = tmp_path / f"train-images-idx3-ubyte{end}"
    path.write_bytes(gzip.compress(content) if end else content)
    with pytest.raises(FileProblem, match=r"states the lengths .* get this file again"):
        read_idx(path, 3)


def test_a_small_file_that_unpacks_to_much_is_not_unpacked(tmp_path):
    bomb = gzip.compress(struct.pack(">HBB3i", 0, 8, 3, 2, 28, 28) + bytes(10**8))
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(bomb)
    tracemalloc.start()
    with pytest.raises(FileProblem, match="number of bytes"):
        read_idx(path, 3)
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_a_flipped_bit_in_gzip_is_refused(tmp_path):
    write_mnist(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    content, chance = path.read_bytes(), np.random.default_rng(0)
    for at in chance.integers(10, len(content), 100):
        damaged = bytearray(content)
        damaged[at] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(FileProblem):
            read_idx(path, 3)


def test_other_labels_and_shapes_are_refused(tmp_path):
    write_mnist(tmp_path, end="")
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS["train"] + 10))
    with pytest.raises(FileProblem, match=r"train-labels-idx1-ubyte holds the label 1\d"):
        load_mnist(tmp_path)
    write_mnist(tmp_path, end="")
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES["t10k"][:, 1:]))
    with pytest.raises(FileProblem, match=r"t10k-images-idx3-ubyte holds images of 27 x 28"):
        load_mnist(tmp_path)
