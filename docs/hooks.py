"""What the pages take from the code and from kept runs: keys, tables, the notebook, results."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))


def on_page_markdown(markdown: str, **_) -> str:
    """Put in what stands between <!-- and -->."""
    made = {"keys": configuration_keys, "tables": kinds_of_tables, "flip_flop": flip_flop}
    made |= {name: partial(kept, f"{name}.md") for name in ("bands", "open", "mechanisms")}
    return re.sub(r"<!-- (\w+) -->", lambda found: made[found[1]](), markdown)


def kept(name: str) -> str:
    """A table that a run wrote: of ``standard`` if one was kept, else of ``quick``."""
    files = [ROOT / "figures/gallery" / scale / name for scale in ("standard", "quick")]
    found = next(file for file in files if file.exists())
    told = f"(`{found.relative_to(ROOT)}`, written by the workflow.)"
    return f"{found.read_text(encoding='utf-8')}\n{told}\n"


def configuration_keys() -> str:
    """A table per section: key, the paper's value, what it means."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    values = yaml.safe_load((ROOT / "config.yaml").read_text())
    sections: dict[str, list[str]] = {}
    for path, entry in _keys(schema, schema):
        section, _, key = path.rpartition(".")
        value = values
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        shown = (
            yaml.safe_dump(value, default_flow_style=True, width=10**6)
            .removesuffix("...\n")
            .strip()
        )
        shown = "-" if value is None else shown
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        allowed = ", ".join(map(str, entry["enum"])) if "enum" in entry else entry.get("type", "")
        row = f"| `{key}` | `{shown}` | {allowed} | {entry.get('description', '')} |"
        sections.setdefault(section, []).append(row)
    head = "| key | the paper's value | kind | what |\n|---|---|---|---|\n"
    return "\n\n".join(
        f"## `{section}`\n\n{head}" + "\n".join(rows) if section else head + "\n".join(rows)
        for section, rows in sections.items()
    )


def flip_flop() -> str:
    """The notebook with what it printed and drew, as Markdown."""
    notebook = json.loads((ROOT / "docs/flip_flop.ipynb").read_text())
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for output in cell.get("outputs", ()):
            if "text" in output:
                parts.append(f"```text\n{''.join(output['text']).rstrip()}\n```")
            elif picture := output.get("data", {}).get("image/png"):
                picture = "".join(picture).replace("\n", "")
                parts.append(f"![What the cell above draws](data:image/png;base64,{picture})")
    return "\n\n".join(parts)


def _keys(entry: Mapping, schema: Mapping, at: str = "") -> Iterator[tuple[str, Mapping]]:
    """Every key that holds no keys of its own, with its entry in the schema.

    What stands in a list, or under names of the user's choice, is ``<each>``.
    """
    for name, inner in entry.get("properties", {}).items():
        while "$ref" in inner:
            inner = schema["$defs"][inner["$ref"].rpartition("/")[2]]
        path = f"{at}.{name}" if at else name
        if inner.get("properties"):
            yield from _keys(inner, schema, path)
        else:
            yield path, inner
            each = inner.get("items", inner.get("additionalProperties"))
            if isinstance(each, Mapping) and "properties" in each:
                yield from _keys(each, schema, f"{path}.<each>")


def kinds_of_tables() -> str:
    """What lies under results/<scale>/<study>/tables."""
    from memdyn.bridge.tables import KINDS as THREE
    from memdyn.slow_manifolds.tables import KINDS as ONE
    from memdyn.timescales.tables import KINDS as TWO

    return "\n".join(
        f"- `{study}`: " + ", ".join(f"`{kind}`" for kind in kinds)
        for study, kinds in (("slow_manifolds", ONE), ("timescales", TWO), ("bridge", THREE))
    )
