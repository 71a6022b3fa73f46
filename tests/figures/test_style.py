"""The house style, and what a saved figure consists of."""

import json
import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from memdyn.figures import style
from memdyn.landscape.labels import MECHANISMS

# Machado et al. (2009), full severity, linear RGB: protanopia and deuteranopia.
BLIND = (
    [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(matrix) @ np.clip(rgb, 1e-4, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def linear(colour) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("sight", [np.eye(3), *map(np.array, BLIND)])
def test_no_two_mechanisms_look_alike(sight):
    assert list(style.MECHANISM_COLOURS) == list(style.MECHANISM_NAMES) == list(MECHANISMS)
    seen = {name: lab(sight @ linear(c)) for name, c in style.MECHANISM_COLOURS.items()}
    for one, other in combinations(MECHANISMS, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 11, (one, other)


def test_trial_types_of_any_number_of_classes_have_their_own_colours():
    for n_classes in (2, 3, 4):
        colours = [to_rgb(colour) for colour in style.type_colours(n_classes)]
        assert len(set(colours)) == n_classes**2
        assert len(style.class_colours(n_classes)) == n_classes
        assert len(style.outcome_colours(n_classes)) == 2 * n_classes - 1


def test_mechanisms_come_in_one_order_and_unknown_ones_are_refused():
    assert style.present(["mixed", "direct", "mixed"]) == ["direct", "mixed"]
    with pytest.raises(ValueError, match="no mechanism is called magic"):
        style.present(["direct", "magic"])


def outputs(folder):
    return SimpleNamespace(
        **{kind: folder / f"fig.{kind}" for kind in ("pdf", "png", "csv", "json")}
    )


def draw():
    with style.house_style():
        figure = style.new_figure(3, 2)
        ax = style.panel(figure, 0.5, 0.3, 2, 1.2)
        ax.plot([0, 1], [0, 1])
        style.letter(ax, "a")
        style.small_print(figure, style.scale_note("quick", 300, 400))
    return figure


def test_a_figure_is_four_files_with_the_same_bytes_each_time(tmp_path):
    plotted = {"a": pd.DataFrame({"x": [0.1, np.nan]}), "b": pd.DataFrame({"y": [2]})}
    summary = {"n": np.int64(3), "median": np.float32("nan"), "values": np.array([1 / 3, np.inf])}
    for name in ("one", "two"):
        style.save(draw(), plotted, summary, outputs(tmp_path / name))
    for kind in ("pdf", "png", "csv", "json"):
        one, two = (tmp_path / name / f"fig.{kind}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes(), kind
    assert (tmp_path / "one/fig.csv").read_text() == "panel,x,y\na,0.1,\na,,\nb,,2\n"
    summary = json.loads((tmp_path / "one/fig.json").read_text())
    assert summary == {"n": 3, "median": None, "values": [0.333333, None]}
    assert b"Matplotlib" not in (tmp_path / "one/fig.png").read_bytes()
    assert b"CreationDate" not in (tmp_path / "one/fig.pdf").read_bytes()


def test_a_figure_without_numbers_can_be_saved(tmp_path):
    style.save(draw(), {}, {}, outputs(tmp_path))
    assert json.loads((tmp_path / "fig.json").read_text()) == {}


def test_drawing_needs_no_torch():
    one = "fig1_task, fig2_mechanisms, fig3_landscape, fig4_map, fig5_robustness"
    two = "fig1_model, fig3_progress, fig8_perturbation, figS4_substeps"
    code = (
        f"import sys; from memdyn.slow_manifolds.figures import {one}; "
        f"from memdyn.timescales.figures import {two}; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_text_in_a_mechanisms_colour_can_be_read_on_white():
    for colour in style.MECHANISM_COLOURS.values():
        luminance = linear(style.deep(colour)) @ (0.2126, 0.7152, 0.0722)
        assert 1.05 / (luminance + 0.05) > 4.5  # WCAG AA
