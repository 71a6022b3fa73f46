"""A small rendering of a figure without its words, kept inside of its PNG.

Pictures are compared by it: another font or wording changes no pixel of it, a colour does.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from PIL import Image

#: Name of the text in a PNG that holds the rendering (a PNG itself, in base64).
KEY = "wordless"
#: Resolution (dots per inch): a page is 150 pixels wide.
DPI = 20


class _Wordless(RendererAgg):
    def draw_text(self, *args, **kwargs) -> None:
        """Nothing."""


def rendering(figure: Figure) -> str:
    """The figure without any text, for the PNG's metadata under ``KEY``."""
    usual = figure.dpi
    figure.set_dpi(DPI)
    try:
        renderer = _Wordless(*figure.bbox.size, DPI)
        figure.draw(renderer)
    finally:
        figure.set_dpi(usual)
    stored = io.BytesIO()
    pixels = np.asarray(renderer.buffer_rgba())[..., :3]
    Image.fromarray(np.ascontiguousarray(pixels)).save(stored, "png", optimize=True)
    return base64.b64encode(stored.getvalue()).decode()


def read(path: Path | str) -> np.ndarray | None:
    """The rendering inside of a PNG: (height, width, 3) from 0 to 255; None if it has none."""
    with Image.open(path) as picture:
        stored = picture.info.get(KEY)
    if stored is None:
        return None
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(stored))), dtype=float)
