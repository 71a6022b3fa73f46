"""The ways to install the pipeline name the same versions."""

import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def pins(path: Path, separator: str = "==") -> dict[str, str]:
    lines = [line.strip() for line in path.read_text().splitlines()]
    entries = [line for line in lines if line and not line.startswith("#")]
    assert all(separator in entry for entry in entries), f"{path}: every line pins a version"
    return {name.lower(): version for name, version in (e.split(separator) for e in entries)}


def direct_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["workflow"]
    return {re.match(r"[\w-]+", entry)[0].lower() for entry in wanted}


def test_conda_pins_are_those_of_pip():
    entries = yaml.safe_load((ROOT / "envs" / "memdyn.yaml").read_text())["dependencies"]
    pinned = dict(entry.split("=") for entry in entries if entry != "pip")
    assert pinned.pop("python") == "3.11"
    conda = {CONDA_NAMES.get(name, name): version for name, version in pinned.items()}
    pip = pins(ROOT / "requirements.txt")
    assert conda == {name: pip[name] for name in direct_dependencies()}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_pip_pins_fit_every_machine(name):
    for package, version in pins(ROOT / name).items():
        assert "+" not in version, f"{package}: no local build"
        assert not package.startswith(("nvidia-", "cuda-", "triton"))


def test_development_adds_to_the_environment_and_changes_nothing():
    assert not pins(ROOT / "requirements.txt").keys() & pins(ROOT / "requirements-dev.txt").keys()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required_by(wanted: list[str]) -> set[str]:
    """Packages that what is wanted needs, directly or not, on whatever machine."""
    found, left = set(), [Requirement(entry) for entry in wanted]
    while left:
        one = left.pop()
        extras = ("", *one.extras)
        if (plain(one.name), extras) in found:
            continue
        found.add((plain(one.name), extras))
        try:
            entries = [Requirement(entry) for entry in requires(one.name) or ()]
        except PackageNotFoundError:  # on other machines than this one
            continue
        for entry in entries:
            marker = entry.marker
            elsewhere = "platform" in str(marker) and "extra" not in str(marker)
            if not marker or elsewhere or any(marker.evaluate({"extra": one}) for one in extras):
                left.append(entry)
    return {name for name, _ in found}


def test_every_pin_is_required_by_something():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    run = project["dependencies"] + extras["workflow"]
    needed = required_by(run)
    pinned = {plain(name) for name in pins(ROOT / "requirements.txt")}
    assert not pinned - needed, "nothing that the pipeline runs needs these"
    further = {plain(name) for name in pins(ROOT / "requirements-dev.txt")}
    assert not further - required_by(extras["dev"]), "nothing that tests or lints needs these"


def test_the_container_copies_what_is_there():
    recipe = (ROOT / "envs" / "Dockerfile").read_text()
    copied = [entry.split()[1:-1] for entry in recipe.splitlines() if entry.startswith("COPY")]
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), f"envs/Dockerfile copies {name}, which does not exist"


@pytest.mark.parametrize("torch", ["cpu", "cuda", "gpu"])
def test_the_container_takes_torch_for_the_cpu_or_for_cuda(torch, tmp_path):
    """Its line, run with a pip that only says what it is asked for: as `make setup` does."""
    recipe = (ROOT / "envs" / "Dockerfile").read_text()
    given = dict(re.findall(r"^ARG (\w+)=(\S+)$", recipe, re.M))
    assert given["TORCH"] == "cpu"
    assert f"CPU_INDEX ?= {given['CPU_INDEX']}\n" in (ROOT / "Makefile").read_text()
    command = re.search(r"^RUN (case .*?[^\\])$", recipe, re.M | re.S)[1]
    pip = tmp_path / "pip"
    pip.write_text('#!/bin/sh\necho "$@"\n')
    pip.chmod(0o755)
    names = {**given, "TORCH": torch, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=names, cwd=ROOT, capture_output=True, text=True
    )
    said = done.stdout.splitlines()
    if torch == "gpu":
        assert done.returncode and not said and "neither cpu nor cuda" in done.stderr
        return
    version = pins(ROOT / "requirements.txt")["torch"]
    for_cpu = f"install --no-deps --index-url {given['CPU_INDEX']} torch=={version}"
    assert said == [*([for_cpu] if torch == "cpu" else []), "install -r requirements.txt"]


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    released = re.findall(r"^## \[(\d\S*)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert (version, str(cited["date-released"])) == released[0]
    assert cited["version"] == version
