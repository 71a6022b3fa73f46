"""The RO-Crate of a run, read again: what its profiles require, and every file that it names."""

import zipfile

import pandas as pd
import pytest
import yaml
from rocrate.rocrate import ROCrate

from memdyn import crate
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance

FIGURES = ("slow_manifolds/fig4_map.png", "slow_manifolds/fig4_map.csv", "claims.pdf")


@pytest.fixture
def run(tmp_path):
    """A folder with what a finished run has."""
    for name in FIGURES:
        path = tmp_path / "figures/quick" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"drawn")
    table = tmp_path / "results/quick/slow_manifolds/tables/networks.parquet"
    table.parent.mkdir(parents=True)
    metadata = {"schema": "slow_manifolds.networks/1", "provenance": provenance()}
    write_table(table, pd.DataFrame({"g": [0.9]}), metadata)
    (tmp_path / "results/quick/claims.csv").write_text("id\n")
    return tmp_path


@pytest.fixture
def written(run, tmp_path):
    target = tmp_path / "new/memdyn.crate.zip"
    crate.write("quick", target, run)
    return target


def ids(entities):
    return {entity.id for entity in (entities if isinstance(entities, list) else [entities])}


def test_it_is_a_workflow_crate(written):
    read = ROCrate(written)
    assert "workflow-ro-crate/1.0" in str(read.metadata.as_jsonld()["conformsTo"])
    workflow = read.mainEntity
    assert workflow.id == "Snakefile" and "Snakefile" in ids(read.root_dataset["hasPart"])
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} <= set(workflow.type)
    assert workflow["programmingLanguage"]["name"] == "Snakemake"
    for name in ("name", "description", "datePublished", "license", "author"):
        assert read.root_dataset[name], name
    cited = yaml.safe_load((crate.ROOT / "CITATION.cff").read_text())
    assert read.root_dataset["author"]["name"] == cited["authors"][0]["name"]
    assert workflow["version"] == cited["version"]
    assert read.get("README.md")["about"] is read.root_dataset


def test_its_run_made_the_outputs_from_the_configuration(written):
    read = ROCrate(written)
    action = read.root_dataset["mentions"]
    assert action.type == "CreateAction" and action["instrument"] is read.mainEntity
    assert ids(action["object"]) == {"config.yaml", "#scale"}
    assert read.get("#scale")["value"] == "quick"
    made = {f"figures/quick/{name}" for name in FIGURES}
    made |= {"results/quick/claims.csv", "results/quick/slow_manifolds/tables/networks.parquet"}
    assert ids(action["result"]) == made
    assert "torch" in action["description"] and action["endTime"]
    assert read.get("figures/quick/claims.pdf")["encodingFormat"] == "application/pdf"


def test_all_that_it_names_is_in_it_and_no_cache(written):
    inside = set(zipfile.ZipFile(written).namelist())
    named = ids(ROCrate(written).root_dataset["hasPart"])
    assert named <= inside and {"workflow/", "src/", "Snakefile"} <= named
    assert "src/memdyn/dynamics/fixed_points.py" in inside
    assert not [name for name in inside if "__pycache__" in name or "egg-info" in name]


def test_persons_are_named_in_full():
    empty = ROCrate(version="1.1")
    given = {"given-names": "Ada", "family-names": "King", "orcid": "https://orcid.org/0"}
    person = crate._author(empty, given)
    assert (person.id, person.type, person["name"]) == (given["orcid"], "Person", "Ada King")


def test_an_unfinished_run_is_named(run, monkeypatch):
    monkeypatch.chdir(run)
    (run / "results/quick/claims.csv").unlink()
    with pytest.raises(
        SystemExit, match=r"claims\.csv is missing: finish the run with make figures"
    ):
        crate.main(["quick", "x.zip"])
    with pytest.raises(SystemExit, match=r"tables is missing: .* SCALE=paper"):
        crate.main(["paper", "x.zip"])
