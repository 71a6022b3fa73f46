"""How CPU-seconds and peak memory grow with the sizes of the work; exponents beside expected ones.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_growth.py --csv results/benchmarks/growth.csv

Each series runs in a process of its own, from its smallest size up: peaks are those of the process
so far, and memory is counted from a tiny size that is run first. The columns are not those of the
other benchmarks: ``--csv X.csv`` writes ``X/points.csv``, which the rule ``draw_growth`` draws.
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "costs"))

from measure import begin, machine, parser
from probes import measured

from memdyn.costs.growth import COLUMNS, exponents

UNITS = (250, 500, 1000, 2000)
#: Work, probe, what grows, its sizes, the rest; exponents of time and of memory that are expected.
SERIES = [
    ("FORCE", "train_networks", "n_units", UNITS, {"n_networks": 4, "n_trials": 2}, 2, 2),
    (
        "FORCE",
        "train_networks",
        "n_networks",
        (5, 10, 20, 40),
        {"n_units": 600, "n_trials": 2},
        1,
        1,
    ),
    ("FORCE", "train_networks", "n_trials", (2, 4, 8, 16), {"n_units": 600, "n_networks": 5}, 1, 0),
    ("update", "train_curricula", "n_units", UNITS, {"N": 10}, 2, 1),
    ("update", "train_curricula", "N", (5, 10, 20, 40), {"n_units": 500}, 1, 1),
    ("fixed points", "find_fixed_points", "n_units", UNITS[:3], {"n_seeds": 8}, 3, 2),
    ("fixed points", "find_fixed_points", "n_seeds", (8, 16, 32, 64), {"n_units": 400}, 1, 0),
    ("spectrum", "spectrum", "n_units", UNITS, {}, 3, 2),
]
TINY = {"n_units": 16, "n_networks": 1, "n_trials": 1, "N": 2, "n_seeds": 4}
README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- growth: begin -->", "<!-- growth: end -->"


def write_table(points):
    """Put the exponents into the README, between its two markers."""
    lines = ["| work | grows | from | to | time | memory |", "|---|---|---|---|---|---|"]
    for row in exponents(points).itertuples():
        powers = [
            f"{one:.2f}, {last:.2f} ({expected:g})" if one == one else f"too little ({expected:g})"
            for one, last, expected in (
                (row.cpu, row.last_cpu, row.expected_cpu),
                (row.memory, row.last_memory, row.expected_memory),
            )
        ]
        what = f"{row.work} ({row.rest})" if row.rest else row.work
        lines.append(f"| {what} | {row.grows} | {row.first} | {row.last} | {' | '.join(powers)} |")
    facts = points.iloc[-1]
    where = f"{facts['cpu_name']}, torch {facts['torch']}, commit {str(facts['commit'])[:7]}"
    before, _, rest = README.read_text().partition(BEGIN)
    text = "\n".join([*lines, "", f"Measured {facts['time']}: {where}, one thread."])
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")


def main(argv=None):
    options = begin(parser(__doc__), argv)
    found = []
    for work, probe, grows, sizes, rest, time, memory in SERIES[: 1 if options.small else None]:
        sizes = (16, 32) if options.small else sizes
        tiny = {key: TINY[key] for key in (grows, *rest)}
        first, *points = measured(probe, [tiny, *({**rest, grows: size} for size in sizes)])
        for point in points:
            row = {"work": work, "grows": grows, "size": point[grows], "cpu": point["cpu"]}
            row |= {"memory": point["memory"] - first["memory"]}
            row |= {"expected_cpu": time, "expected_memory": memory}
            rest_of = ", ".join(f"{key} {value}" for key, value in rest.items())
            facts = {("cpu_name" if key == "cpu" else key): fact for key, fact in machine().items()}
            found.append(row | {"rest": rest_of} | facts)
        print(exponents(pd.DataFrame(found[-len(points) :])).to_string(index=False), flush=True)
    if options.csv:
        folder = options.csv.with_suffix("")
        folder.mkdir(parents=True, exist_ok=True)
        points = pd.DataFrame(found)[list(COLUMNS)]
        points.to_csv(folder / "points.csv", index=False)
        if not options.small:
            write_table(points)


if __name__ == "__main__":
    main()
