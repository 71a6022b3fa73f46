"""The page of the gallery: each kept figure with how to read it, from the captions of the report.

python -m memdyn.figures.gallery     writes figures/gallery/README.md
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment

from memdyn.config import laid_over, resolve

ROOT = Path(__file__).parents[3]
PAGE = Path("figures/gallery/README.md")
#: Kept scale -> the file that describes it, None for one of config.yaml, and what it is.
SCALES = {
    "quick": (None, "small networks, minutes on two cores"),
    "standard": ("figures/gallery/standard/config.yaml", "the papers' sizes, as far as it has run"),
}
STUDIES = {
    "slow_manifolds": "Study 1: slow manifolds",
    "timescales": "Study 2: timescales",
    "bridge": "Both studies",
}
#: Figures that no report shows, and how to read them.
OTHERS = {
    "your_network.png": (
        "**The page of a network from outside.** Trajectories and the points and cycles found, how "
        "fast states left alone move, and the eigenvalues there; beside them what each of three "
        "routes says of the mechanism."
    ),
    "benchmarks/speed.png": (
        "**Speed.** What `make bench` measured. Left: how many times as fast as its reference each "
        "piece of work is; right: which part of the machine's own limit it reaches. Green: the "
        "target is reached; red: it is missed."
    ),
    "benchmarks/growth.png": (
        "**How costs grow.** Time and memory over the sizes of the work, on logarithmic axes, "
        "where a power is a straight line; the exponents are fitted."
    ),
}


def caption(text: str, config: dict) -> str:
    """A caption of the report as Markdown, its values those of a resolved configuration."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    filled = environment.from_string(text).render(snakemake=SimpleNamespace(config=config))
    return re.sub(r"``([^`]+)``", r"`\1`", filled).strip()


def gallery(root: Path = ROOT) -> str:
    """The page: every picture of the gallery once, scale by scale.

    Raises:
        FileNotFoundError: a figure has no caption under workflow/report.
    """
    parts = [
        "# Gallery",
        "Figures that this workflow drew, kept as they were: pictures, pages (PDF), plotted "
        "numbers (CSV) and summaries (JSON) lie side by side. Made from the captions of the "
        "report by `python -m memdyn.figures.gallery`; not edited by hand.",
    ]
    for scale, (own, what) in SCALES.items():
        given = laid_over(root / own, {}) if own else {"scale": scale}
        schema = root / "workflow/schemas/config.schema.yaml"
        config = resolve(laid_over(root / "config.yaml", given), schema)
        parts.append(f"## {scale}: {what}")
        for name in ("verdicts", "claims"):
            if (root / PAGE.parent / scale / f"{name}.png").exists():
                parts += _figure(root, f"{scale}/{name}", name, config)
        for study, title in STUDIES.items():
            pictures = sorted((root / PAGE.parent / scale / study).glob("*.png"))
            parts += [f"### {title}"] if pictures else []
            for picture in pictures:
                name = f"{study}/{picture.stem}"
                parts += _figure(root, f"{scale}/{name}", name, config)
    parts.append("## Others")
    for picture, text in OTHERS.items():
        parts += [f"![{Path(picture).stem}]({picture})", text]
    return "\n\n".join(parts) + "\n"


def _figure(root: Path, picture: str, name: str, config: dict) -> list[str]:
    text = (root / "workflow/report" / f"{name}.rst").read_text(encoding="utf-8")
    return [f"![{Path(name).name}]({picture}.png)", caption(text, config)]


if __name__ == "__main__":
    (ROOT / PAGE).write_text(gallery(), encoding="utf-8")
