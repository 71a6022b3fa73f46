"""A finished run as one file to deposit: an RO-Crate of workflow, claims, figures and tables.

    python -m memdyn.crate quick results/quick/memdyn.crate.zip

Its profiles are Workflow RO-Crate 1.0 and Process Run Crate 0.5: the Snakefile is the main entity,
the run an action that made the outputs from the configuration (www.researchobject.org/ro-crate).
"""

from __future__ import annotations

import argparse
import mimetypes
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import yaml
from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from memdyn.files import read_table_metadata

ROOT = Path(__file__).resolve().parents[2]
#: What the workflow consists of besides its Snakefile.
FILES = (
    *("config.yaml", "requirements.txt", "requirements-dev.txt", "pyproject.toml", "Makefile"),
    *("README.md", "LICENSE", "CITATION.cff"),
)
FOLDERS = ("workflow", "src", "profiles", "envs")
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
COMPUTATIONAL = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
#: Formats that the standard library does not know.
FORMATS = {".parquet": "application/vnd.apache.parquet"}


def write(scale: str, target: Path | str, folder: Path | str = ".") -> None:
    """Write the crate of a finished run.

    Args:
        scale: of the run.
        target: zip file to write.
        folder: work folder of the run, with ``results`` and ``figures``.

    Raises:
        FileNotFoundError: the run has not judged its claims, so it is not finished.
    """
    folder, target = Path(folder), Path(target)
    claims = folder / f"results/{scale}/claims.csv"
    tables = sorted((folder / f"results/{scale}").glob("*/tables/*.parquet"))
    if not claims.exists() or not tables:
        missing = claims if tables else claims.parent / "*/tables"
        raise FileNotFoundError(
            f"{missing} is missing: finish the run with make figures SCALE={scale}"
        )
    facts = read_table_metadata(tables[0])["provenance"]
    figures = sorted(path for path in (folder / f"figures/{scale}").rglob("*") if path.is_file())
    report = [path for path in (folder / "report.html",) if path.exists()]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))

    crate = ROCrate(version="1.1")  # what both profiles are for
    licence = crate.add(
        ContextEntity(
            crate,
            f"https://spdx.org/licenses/{cited['license']}",
            {"@type": "CreativeWork", "name": f"{cited['license']} License"},
        )
    )
    authors = [crate.add(_author(crate, author)) for author in cited["authors"]]
    authors = authors if len(authors) > 1 else authors[0]
    crate.name = f"{cited['title']}, scale {scale}"
    crate.description = cited["abstract"].strip()
    crate.license, crate.publisher = licence, authors
    crate.root_dataset["author"] = authors
    crate.datePublished = facts["time"][:10]
    crate.keywords = ", ".join(cited["keywords"])
    with tempfile.TemporaryDirectory() as stage:
        workflow = _add_workflow(crate, Path(stage), cited, licence, authors)
        config = crate.get("config.yaml")
        outputs = [_add_file(crate, path, folder) for path in (claims, *report, *figures, *tables)]
        _add_run(crate, scale, facts, workflow, [config], outputs, authors)
        crate.write(Path(stage, "crate"))
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not by crate.write_zip, whose zip has no entries for folders.
        made = shutil.make_archive(str(Path(stage, "made")), "zip", Path(stage, "crate"))
        shutil.move(made, target)


def _author(crate: ROCrate, author: Mapping[str, str]) -> ContextEntity:
    """A person, or a group that has but one name."""
    name = author.get("name") or f"{author['given-names']} {author['family-names']}"
    kind = "Organization" if "name" in author else "Person"
    identity = author.get("orcid") or "#" + name.replace(" ", "-")
    return ContextEntity(crate, identity, {"@type": kind, "name": name})


def _add_workflow(crate: ROCrate, stage: Path, cited: Mapping, licence, authors):
    about = {
        "name": "memdyn",
        "version": str(cited["version"]),
        "description": cited["title"],
        "encodingFormat": "text/plain",
        "conformsTo": {"@id": COMPUTATIONAL},
        "license": licence,
        "creator": authors,
    }
    workflow = crate.add_workflow(
        ROOT / "Snakefile",
        "Snakefile",
        main=True,
        lang="snakemake",
        lang_version=version("snakemake"),
        properties=about,
    )
    for name in FILES:
        more = {"about": crate.root_dataset} if name == "README.md" else {}
        _add_file(crate, ROOT / name, ROOT, **more)
    for name in FOLDERS:  # copied, since caches lie among them
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, stage / name, ignore=ignored)
        crate.add_dataset(stage / name, f"{name}/", properties={"name": f"{name} of the workflow"})
    return workflow


def _add_file(crate: ROCrate, path: Path, folder: Path, **more):
    name = path.relative_to(folder).as_posix()
    kind = FORMATS.get(path.suffix) or mimetypes.guess_type(name)[0] or "text/plain"
    about = {"name": name, "encodingFormat": kind, "contentSize": str(path.stat().st_size)}
    return crate.add_file(path, name, properties=about | more)


def _add_run(
    crate, scale: str, facts: Mapping[str, str], workflow, inputs, outputs, agents
) -> None:
    """The run: what was asked, on which machine, when it ended, what it made."""
    asked = {"@type": "PropertyValue", "name": "scale", "value": scale}
    scale_asked = crate.add(ContextEntity(crate, "#scale", asked))
    where = ", ".join(
        f"{key} {facts[key]}" for key in ("cpu", "platform", "python", "torch", "commit")
    )
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=[*inputs, scale_asked],
        result=outputs,
        properties={
            "name": f"memdyn at scale {scale}",
            "description": f"snakemake --config scale={scale} ({where})",
            "endTime": facts["time"],
        },
    )
    action["agent"] = agents
    crate.root_dataset["mentions"] = action
    profile = {"@type": ["CreativeWork", "Profile"], "name": "Process Run Crate", "version": "0.5"}
    crate.root_dataset["conformsTo"] = crate.add(ContextEntity(crate, PROFILE, profile))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the crate of a scale."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scale", help="scale of a finished run")
    parser.add_argument("target", type=Path, help="zip file to write")
    options = parser.parse_args(arguments)
    try:
        write(options.scale, options.target)
    except FileNotFoundError as problem:
        sys.exit(str(problem))
    print(f"{options.target}: {options.target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
