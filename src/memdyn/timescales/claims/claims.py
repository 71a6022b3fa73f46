"""The claims of study 2 (Khajehabdollahi et al. 2024) and the statistic that each comes down to.

One network per condition and seed; the same seed in two conditions is a pair, and differences are
taken within pairs. Repeats, neurons and batches of one network are averaged before anything else.
Statistics at one N take the largest that at least two (and half) of the networks or pairs reached,
and say which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from memdyn.claims.intervals import Interval, Range, above, below, beyond, of_mean, within
from memdyn.claims.judge import Claim, Evidence, NotRun, Statistic
from memdyn.timescales.claims import bands
from memdyn.timescales.claims.bands import Band
from memdyn.timescales.claims.half_size import half_size

#: Tables that the claims read.
TABLES = (
    *("networks", "epochs", "heads", "timescales", "weights"),
    *("dimension", "memory", "ablation", "perturbation", "retraining"),
)
#: What the conditions are called in sentences.
NAMES = {
    "parity_single": "single-head parity",
    "parity_multi": "multi-head parity",
    "dms_single": "single-head DMS",
    "dms_multi": "multi-head DMS",
    "parity_sliding": "sliding-window parity",
    "parity_none": "parity without curriculum",
    "parity_all_heads": "parity, all heads at once",
    **{
        f"{cell}_{heads}": f"{heads}-head {cell.upper()}"
        for cell in ("gru", "lstm")
        for heads in ("single", "multi")
    },
    "parity_single_inside": "single-head parity, non-linearity inside",
    "parity_multi_inside": "multi-head parity, non-linearity inside",
    **{f"parity_single_tau{i}": f"single-head parity, tau fixed at {i}" for i in range(1, 6)},
    **{f"parity_multi_tau{i}": f"multi-head parity, tau fixed at {i}" for i in range(1, 6)},
}
#: The authors' epoch and their longest training.
UPDATES_PER_EPOCH, MAX_EPOCHS = 600, 1000
#: How training ends where a network fails by itself.
FAILED = ("plateau", "diverged")
#: ... and where our budget ends it: it solves no larger N in so many epochs, which is no failure.
BUDGET = "out of epochs"
#: Up to this N both curricula need about one epoch for each.
FAST = 10
#: Slopes of tau up to this, per 10 N, count as constant.
CONSTANT = 0.05
#: Accuracy that counts as solved.
SOLVED = 0.98

#: A measure: evidence and condition -> one number per network, (rows: seed, columns: N).
Measure = Callable[[Evidence, str], pd.DataFrame]


# Measures: rows are seeds, columns are N.


def _by_N(rows: pd.DataFrame, value: str, N: str = "N") -> pd.DataFrame:
    means = rows.groupby(["seed", N])[value].mean()
    found = means.unstack().dropna(how="all")  # noqa: PD010 (pivot_table takes thrice as long)
    if found.empty:
        raise NotRun(f"“{value}” is nowhere a number")
    return found


def column(table: str, name: str, **equal) -> Measure:
    """A column of a table, mean over the rows of one network and N (repeats, neurons)."""
    return lambda evidence, condition: _by_N(
        evidence.rows(table, condition=condition, **equal), name
    )


def when_solved(name: str) -> Measure:
    """A column of the history of training, at the end of the epoch in which N was solved."""

    def measure(evidence: Evidence, condition: str) -> pd.DataFrame:
        rows = evidence.rows("epochs", condition=condition)
        solved = rows[rows["advanced"].astype(bool)]
        if solved.empty:
            raise NotRun(f"{condition}: no N was solved")
        return _by_N(solved, name, "n_max")

    return measure


def epochs_for(evidence: Evidence, condition: str) -> pd.DataFrame:
    """Epochs that each solved N took.

    Raises:
        NotRun: no N was solved.
    """
    rows = evidence.rows("epochs", condition=condition)
    spent = rows.groupby(["seed", "n_max"], as_index=False).agg(
        epochs=("epoch", "size"), solved=("advanced", "any")
    )
    spent = spent[spent["solved"].astype(bool)]
    if spent.empty:
        raise NotRun(f"{condition}: no N was solved")
    return _by_N(spent, "epochs", "n_max")


def growth_beyond_tau(evidence: Evidence, condition: str) -> pd.DataFrame:
    """By how much tau_net has grown since N = 2, minus the growth of tau; means over neurons.

    tau_net counts only neurons where it exceeds 1, tau all of them, so that their difference is
    above 0 before there is any memory: what it has grown by is not.

    Raises:
        NotRun: the networks were not measured at N = 2.
    """
    rows = evidence.rows("timescales", condition=condition)
    excess = _by_N(rows.assign(excess=rows["tau_net_mean"] - rows["tau_mean"]), "excess")
    if 2 not in excess:
        raise NotRun(f"{condition}: asks for N = 2, ours begin at {excess.columns.min():g}")
    return excess.sub(excess[2], axis=0).drop(columns=2)


def log_half_size(target: str) -> Measure:
    """log10 of the perturbation at which the relative accuracy falls below one half."""

    def measure(evidence: Evidence, condition: str) -> pd.DataFrame:
        rows = evidence.rows("perturbation", condition=condition, target=target)
        sizes = [
            {"seed": seed, "N": N, "size": half_size(own.groupby("size")["relative"].mean())}
            for (seed, N), own in rows.groupby(["seed", "N"])
        ]
        return np.log10(_by_N(pd.DataFrame(sizes), "size"))

    return measure


def retrained(evidence: Evidence, condition: str) -> pd.DataFrame:
    """Relative accuracy after retraining at larger N, mean over these; columns: N_from.

    Raises:
        NotRun: no network was retrained at a larger N.
    """
    rows = evidence.rows("retraining", condition=condition)
    further = rows[rows["N"] > rows["N_from"]]
    if further.empty:
        raise NotRun(f"{condition}: retrained at no larger N")
    return _by_N(further, "relative", "N_from")


def on_earlier(evidence: Evidence, condition: str) -> pd.DataFrame:
    """Accuracy on N smaller than the one solved last, mean over these; columns: N solved.

    Raises:
        NotRun: no network solved more than one N.
    """
    rows = evidence.rows("memory", condition=condition)
    earlier = rows[rows["N"] < rows["N_solved"]]
    if earlier.empty:
        raise NotRun(f"{condition}: no network solved more than one N")
    return _by_N(earlier, "accuracy", "N_solved")


# Statistics.


def _reached(values: pd.DataFrame, at_least: float, what: str) -> tuple[float, pd.Series]:
    """The largest N that two, and half, of the networks have, and the values there.

    With a single network its largest N.
    """
    counts = values.notna().sum()
    enough = counts[counts >= min(counts.max(), max(2, -(-len(values) // 2)))]
    N = enough.index.max()
    if at_least > N:
        raise NotRun(f"asks for {what} N ≥ {at_least:g}, ours reach {N:g}")
    return N, values[N].dropna()


def at_largest(
    text: str, measure: Measure, condition: str, at_least: float = 0, step: float = 0.0
) -> Statistic:
    """A measure of one condition at its largest N."""

    def compute(evidence: Evidence) -> Interval:
        (run,) = of_one_size(evidence, condition)
        N, values = _reached(measure(evidence, run), at_least, "an")
        return of_mean(values, step)._replace(detail=f"N = {N:g}{_stand_ins((condition,), (run,))}")

    return Statistic(f"{text} at the largest N ({condition})", compute)


def paired(
    text: str,
    measure: Measure,
    first: str,
    second: str,
    at_least: float = 0,
    step: float = 0.0,
) -> Statistic:
    """A measure of one condition minus that of another, same seed, at their largest common N."""

    def compute(evidence: Evidence) -> Interval:
        one, other = of_one_size(evidence, first, second)
        difference = measure(evidence, one) - measure(evidence, other)
        difference = difference.dropna(how="all").dropna(how="all", axis=1)
        if difference.empty:
            raise NotRun(f"{first} and {second} have no seed and N in common")
        N, values = _reached(difference, at_least, "a common")
        found = of_mean(values, step)
        stand_ins = _stand_ins((first, second), (one, other))
        return found._replace(
            n=f"{len(values)} + {len(values)}", detail=f"pairs at N = {N:g}{stand_ins}"
        )

    return Statistic(f"{text} at the largest common N: {first} minus {second}, paired", compute)


def slope(text: str, measure: Measure, condition: str, first: float = 0, last: float = np.inf):
    """Least-squares slope of a measure over N, per 10 N, for each network."""

    def compute(evidence: Evidence) -> Interval:
        (run,) = of_one_size(evidence, condition)
        values = measure(evidence, run)
        wanted = values.loc[:, (values.columns >= first) & (values.columns <= last)]
        wanted = wanted[wanted.notna().sum(axis=1) >= 3]
        if wanted.empty:
            raise NotRun(
                f"a slope asks for three N{f' from {first:g} on' if first else ''}, "
                f"ours reach {values.columns.max():g}"
            )
        slopes = [
            10 * np.polyfit(own.index, own, 1)[0]
            for own in (r.dropna() for _, r in wanted.iterrows())
        ]
        N = wanted.dropna(how="all", axis=1).columns
        return of_mean(slopes)._replace(
            detail=f"N = {N.min():g} to {N.max():g}{_stand_ins((condition,), (run,))}"
        )

    span = (f" from N = {first:g}" if first else "") + (f" to {last:g}" if last < np.inf else "")
    return Statistic(
        f"slope of {text} over N{span}, per 10 N, in each network ({condition})", compute
    )


def of_one_size(evidence: Evidence, *conditions: str) -> tuple[str, ...]:
    """Conditions that may be compared, since their networks have as many units: the most they can.

    A condition of another size, named ``<condition>_<units>``, stands for one that was not run, or
    whose networks are larger than those that it is compared with.

    Raises:
        NotRun: one was not run, or their sizes differ.
    """
    networks = evidence.tables.get("networks")
    if networks is None or networks.empty:
        return conditions
    runs = networks[["condition", "n_units"]].drop_duplicates().itertuples(index=False)
    sizes: dict[str, dict[int, str]] = {name: {} for name in conditions}
    for run, n_units in runs:
        condition = run.removesuffix(f"_{n_units}")
        if condition in sizes:
            sizes[condition][int(n_units)] = run
    if absent := [name for name in conditions if not sizes[name]]:
        raise NotRun(f"this run has no {absent[0]}")
    common = set.intersection(*map(set, sizes.values()))
    if not common:
        found = sorted({n_units for own in sizes.values() for n_units in own})
        raise NotRun(f"ours have different sizes: {found} units")
    return tuple(sizes[name][max(common)] for name in conditions)


def _stand_ins(asked: tuple[str, ...], run: tuple[str, ...]) -> str:
    """What is said of conditions that stand for those that were asked for."""
    return "" if run == asked else f", {' and '.join(run)}"


def _max_N(evidence: Evidence, condition: str) -> pd.DataFrame:
    """Per seed the largest N solved, and the status and epochs with which training ended."""
    rows = evidence.rows("networks", condition=condition)
    return rows.set_index("seed")[["max_N", "status", "n_epochs"]]


def larger_max_N(first: str, second: str) -> Statistic:
    """Largest N solved within the same number of epochs: one condition minus another, paired.

    Where the one behind came to an end by itself, or had as many epochs as the other, both count as
    they ended, and the difference is at least that large. Else both count as they stood after the
    last epoch that both had. The detail says which.

    Raises:
        NotRun: no pair, or one that says nothing: see ``_in_as_many_epochs``.
    """

    def compute(evidence: Evidence) -> Interval:
        runs = of_one_size(evidence, first, second)
        seeds = set.intersection(*(set(_max_N(evidence, run).index) for run in runs))
        if not seeds:
            raise NotRun(f"{first} and {second} have no seed in common")
        found = np.array([_in_as_many_epochs(evidence, runs, seed) for seed in sorted(seeds)])
        a, b, epochs = found.T
        ended = "at a plateau" if np.isinf(epochs).all() else f"within {epochs.min():g} epochs"
        return of_mean(a - b, step=1)._replace(
            n=f"{len(seeds)} + {len(seeds)}",
            detail=f"mean of largest N: {a.mean():.3g} and {b.mean():.3g}, {ended}"
            + _stand_ins((first, second), runs),
        )

    return Statistic(f"largest N solved in as many epochs: {first} minus {second}, paired", compute)


def _in_as_many_epochs(
    evidence: Evidence, runs: tuple[str, ...], seed: int
) -> tuple[float, float, float]:
    """Largest N of two networks in as many epochs, and how many; infinite: one is at a plateau.

    Raises:
        NotRun: in so many epochs both reach the largest N that was asked, or none reaches ``FAST``.
    """
    a, b = (evidence.rows("networks", condition=run, seed=seed).iloc[0] for run in runs)
    behind, ahead = (a, b) if a["max_N"] < b["max_N"] else (b, a)
    if behind["status"] in FAILED:
        return a["max_N"], b["max_N"], np.inf
    if behind["status"] == BUDGET and behind["n_epochs"] >= ahead["n_epochs"]:
        return a["max_N"], b["max_N"], behind["n_epochs"]
    epochs = min(end["n_epochs"] for end in (a, b) if end["status"] not in FAILED)
    then = []
    for run in runs:
        rows = evidence.rows("epochs", condition=run, seed=seed)
        solved = rows.loc[(rows["epoch"] <= epochs) & rows["advanced"].astype(bool), "n_max"]
        then.append(solved.max() if len(solved) else 0)
    if max(then) < FAST:
        raise NotRun(f"asks for N ≥ {FAST}, ours reach {max(then):g} in as many epochs")
    if then[0] == then[1] and BUDGET not in (a["status"], b["status"]):
        raise NotRun(f"ours both reach the largest N that was asked, {then[0]:g}, at once")
    return *then, epochs


def _solved_alone(evidence: Evidence) -> Interval:
    """Share of N > 10 that are solved without a curriculum, per seed.

    An N that was not solved counts only if training came to its own end, or had as many epochs as
    the single-head curriculum of that seed took to get there.
    """
    alone, guided = of_one_size(evidence, "parity_none", "parity_single")
    rows = evidence.rows("networks", condition=alone)
    large = rows[rows["start_N"] > 10]
    if large.empty:
        raise NotRun(f"asks for N > 10, ours reach {rows['start_N'].max():g}")
    solved = large["max_N"] >= large["start_N"]
    taken = when_solved("epoch")(evidence, guided)
    taken = taken.reindex(index=large["seed"].unique(), columns=large["start_N"].unique())
    needed = [taken.loc[seed, N] for seed, N in zip(large["seed"], large["start_N"], strict=True)]
    counts = solved | large["status"].isin(FAILED) | (large["n_epochs"] >= needed)
    if not counts.any():
        raise NotRun("ours had fewer epochs than the curriculum took to get there")
    large, solved = large[counts], solved[counts].astype(float)
    by_seed = solved.groupby(large["seed"])
    found = of_mean(by_seed.mean(), step=1 / by_seed.size().min())
    tried = ", ".join(f"{N:g}" for N in sorted(large["start_N"].unique()))
    stand_ins = _stand_ins(("parity_none", "parity_single"), (alone, guided))
    detail = f"N = {tried}; {len(by_seed)} seeds{stand_ins}"
    return found._replace(n=str(len(large)), detail=detail)


def _order_of_heads(evidence: Evidence) -> Interval:
    """Rank correlation of N with the first epoch at which its head is solved, per network."""
    rows, found = evidence.rows("heads", condition="parity_all_heads"), []
    for _, own in rows.groupby("seed"):
        heads = own.loc[own["epoch"] == own["epoch"].min(), "N"]  # later ones come one by one
        own = own[own["N"].isin(heads)]
        first = own[own["accuracy"] > SOLVED].groupby("N")["epoch"].min()
        first = first.reindex(sorted(heads), fill_value=own["epoch"].max() + 1)  # not yet solved
        if len(set(first)) > 1:
            found.append(spearmanr(first.index, first).statistic)
    if not found:
        raise NotRun("parity_all_heads: all heads were solved at once, or none")
    return of_mean(found)


# The sentences of the abstract.

_A = "abstract"
_FIG = "study 2, figure {}".format
_ABLATED = "relative accuracy without one {} neuron".format


def _claims() -> list[Claim]:
    net, tau = column("timescales", "tau_net_mean"), when_solved("tau_mean")
    longest = column("timescales", "tau_longest")
    rows: list[Claim] = []

    def add(*arguments, **more) -> None:
        rows.append(Claim(*arguments, **more))

    for condition in ("parity_single", "parity_multi", "dms_single", "dms_multi"):
        add(
            f"ts.1.tau_net.{condition}",
            "1",
            f"tau_net grows with N: {NAMES[condition]}",
            f"{_A}; figure 5",
            slope("mean tau_net", net, condition, 0, 30),
            above(0),
            _FIG(5),
            "counted to N = 30, where the paper's curve for multi-head levels off",
        )
    for condition, first in (("parity_single", 15), ("dms_single", 30)):
        add(
            f"ts.2.tau.{condition}",
            "2",
            f"tau grows with N: {NAMES[condition]}",
            f"{_A}; figure 4b",
            slope("mean tau", tau, condition, first),
            above(0),
            _FIG(4),
            f"counted from N = {first}: in the paper's own figure it falls before",
        )
    add(
        "ts.2.longest",
        "2",
        "Its longest neurons lengthen with N (single-head)",
        "from the authors' shipped data",
        slope("mean of the 20 longest tau", longest, "parity_single"),
        above(0),
        _FIG(4),
    )
    add(
        "ts.2.trained",
        "2",
        "Trained tau solves larger N in as many epochs as tau = 1",
        "figure 4a, single-head",
        larger_max_N("parity_single", "parity_single_tau1"),
        above(0),
        _FIG(4),
    )
    add(
        "ts.2.forgets",
        "2",
        "Single-head networks are at chance on earlier N",
        f"{_A} (“catastrophic forgetting”)",
        at_largest("accuracy on earlier N", on_earlier, "parity_single", 3),
        within(0.45, 0.55),
        _FIG(3),
        "“chance”: 0.45 to 0.55",
    )
    add(
        "ts.2.forgets_dms",
        "2",
        "... also in DMS",
        f"{_A} (“catastrophic forgetting”)",
        at_largest("accuracy on earlier N", on_earlier, "dms_single", 3),
        within(0.45, 0.55),
        _FIG(3),
        "“chance”: 0.45 to 0.55",
    )
    for condition in ("parity_multi", "dms_multi"):
        add(
            f"ts.3.constant.{condition}",
            "3",
            f"tau is constant over N: {NAMES[condition]}",
            _A,
            slope("mean tau", tau, condition),
            within(-CONSTANT, CONSTANT),
            _FIG(4),
            f"“constant”: within {CONSTANT:g} per 10 N; the next row, of their figure, denies it",
        )
        add(
            f"ts.3.falls.{condition}",
            "3",
            f"tau falls with N: {NAMES[condition]}",
            "figure 4b",
            slope("mean tau", tau, condition),
            below(0),
            _FIG(4),
        )
    add(
        "ts.3.shorter",
        "3",
        "tau stays shorter than in single-head networks",
        f"{_A}; figure 4b",
        paired("mean tau", tau, "parity_multi", "parity_single", 10),
        below(0),
        _FIG(4),
    )
    add(
        "ts.3.recurrence",
        "3",
        "Long timescales come from recurrence: tau_net outgrows tau",
        f"{_A}; figures 4b and 5",
        at_largest(
            "growth since N = 2 of mean tau_net minus that of mean tau",
            growth_beyond_tau,
            "parity_multi",
            3,
        ),
        above(0),
        _FIG(5),
    )
    add(
        "ts.3.shorter_net",
        "3",
        "tau_net ends below that of single-head networks",
        "a public review, of the submitted version",
        paired("mean tau_net", net, "parity_multi", "parity_single", 25),
        below(0),
        _FIG(5),
        "“at large N”: from 25",
        kind="check",
    )
    for slow, fast in ((2, 1), (3, 2)):
        add(
            f"ts.3.fixed{slow}",
            "3",
            f"tau = {slow} hinders multi-head: smaller N than {fast} in as many epochs",
            "figure 4a",
            larger_max_N(f"parity_multi_tau{fast}", f"parity_multi_tau{slow}"),
            above(0),
            _FIG(4),
        )
    add(
        "ts.4.epochs",
        "4",
        "Multi-head trains faster (epochs to the same N)",
        _A,
        paired(
            "epochs until solved", when_solved("epoch"), "parity_multi", "parity_single", FAST, 1.0
        ),
        below(0),
        _FIG(3),
        f"from N = {FAST}: before, both need about one epoch per N",
    )
    add(
        "ts.4.max_N",
        "4",
        "Multi-head reaches larger N in as many epochs",
        f"{_A}; figure 4a",
        larger_max_N("parity_multi", "parity_single"),
        above(0),
        _FIG(4),
    )
    add(
        "ts.4.remembers",
        "4",
        "Multi-head networks keep earlier N",
        "figure 3; by construction of its loss",
        at_largest("accuracy on earlier N", on_earlier, "parity_multi", 3),
        above(0.9),
        _FIG(3),
        "“keep”: accuracy above 0.9",
    )
    for group, sign in (("longest", above(0)), ("shortest", below(0))):
        more = group == "longest"
        add(
            f"ts.4.ablation_{group}",
            "4",
            "Multi-head better withstands loss of slow neurons"
            if more
            else "... but not loss of fast neurons",
            f"{_A}; figure 7" if more else "from the authors' shipped data, beside the abstract",
            paired(
                _ABLATED(group),
                column("ablation", "relative", group=group),
                "parity_multi",
                "parity_single",
                20,
            ),
            sign,
            _FIG(7),
            "from N = 20; the paper shows N = 30",
        )
    for target, name in (("recurrent", "weights"), ("tau", "tau")):
        add(
            f"ts.4.perturbation_{target}",
            "4",
            f"Multi-head better withstands perturbed {name}",
            f"{_A}; figure 8",
            paired(
                f"log10 of the perturbation of {name} at half accuracy",
                log_half_size(target),
                "parity_multi",
                "parity_single",
                20,
            ),
            above(0),
            _FIG(8),
            "from N = 20; the paper shows N = 30",
        )
    add(
        "ts.4.retraining",
        "4",
        "Multi-head generalises better (retrained at larger N)",
        f"{_A}; figure 8",
        paired(
            "relative accuracy after retraining", retrained, "parity_multi", "parity_single", 10
        ),
        above(0),
        _FIG(8),
        "from N = 10 (the paper: 16); the training code was not published",
    )
    add(
        "ts.4.alone",
        "4",
        "Without a curriculum N > 10 is not solved in as many epochs",
        "a public review; figure 3a",
        Statistic("share of N > 10 solved without curriculum (parity_none)", _solved_alone),
        below(0.5),
        _FIG(3),
        "“not solved”: less than half of the runs; as many epochs as the curriculum took",
    )
    add(
        "ts.4.emerges",
        "4",
        "Trained on all N at once, networks learn small N first",
        "appendix D, after a public review",
        Statistic(
            "rank correlation of N and the epoch its head is solved (parity_all_heads)",
            _order_of_heads,
        ),
        above(0),
        _FIG(3),
    )
    for cell in ("gru", "lstm"):
        add(
            f"ts.5.{cell}",
            "5",
            f"Multi-head helps {cell.upper()} reach larger N in as many epochs",
            _A,
            larger_max_N(f"{cell}_multi", f"{cell}_single"),
            above(0),
            "study 2, gated networks",
            "their code for GRU was not published" if cell == "gru" else "",
        )
    add(
        "ts.6.weights",
        "",
        "Weights turn inhibitory with N (single-head, to N = 30)",
        "a public review; figure 6a",
        slope("mean recurrent weight", column("weights", "weight_mean"), "parity_single", 0, 30),
        below(0),
        _FIG(6),
        kind="check",
    )
    add(
        "ts.6.less_inhibitory",
        "",
        "... less so in multi-head networks",
        "a public review; figure 6a",
        paired(
            "mean recurrent weight",
            column("weights", "weight_mean"),
            "parity_multi",
            "parity_single",
            10,
        ),
        above(0),
        _FIG(6),
        kind="check",
    )
    add(
        "ts.6.dimension",
        "",
        "DMS and parity differ in dimension",
        "a public review; figure 6b",
        paired(
            "components that hold 90 % of the variance",
            column("dimension", "dimension"),
            "dms_multi",
            "parity_multi",
            10,
            1.0,
        ),
        beyond(-1, 1),
        _FIG(6),
        "“differ”: by more than one component; asked of multi-head networks",
        kind="check",
    )
    add(
        "ts.6.inside_reaches",
        "",
        "Non-linearity inside: larger N in single-head, in as many epochs",
        "read off a figure of the supplement",
        larger_max_N("parity_single_inside", "parity_single"),
        above(0),
        _FIG("S"),
        kind="check",
    )
    add(
        "ts.6.inside_tau",
        "",
        "Non-linearity inside: same tau in multi-head networks",
        "read off a figure of the supplement",
        paired("mean tau", tau, "parity_multi_inside", "parity_multi", 10),
        within(-0.05, 0.05),
        _FIG("S"),
        "“same”: within 0.05",
        kind="check",
    )
    return rows


# Bands: the mean over our networks lies where theirs did.


def _their_protocol(evidence: Evidence, condition: str) -> None:
    """Refuse networks to which the bands do not apply.

    Raises:
        NotRun: other size, or other epochs.
    """
    rows = evidence.rows("networks", condition=condition)
    if not (rows["n_units"] == bands.N_UNITS).all():
        raise NotRun(f"bands hold for {bands.N_UNITS} units, ours have {rows['n_units'].max():g}")
    if not (rows["updates"] == UPDATES_PER_EPOCH * rows["n_epochs"]).all():
        raise NotRun(f"bands hold for epochs of {UPDATES_PER_EPOCH} updates, ours differ")


def _their_recording(evidence: Evidence) -> None:
    """Refuse recordings to which bands of tau_net do not apply: it grows with their length.

    Raises:
        NotRun: shorter, or of another number of trials.
    """
    steps, trials = evidence.fact("steps"), evidence.fact("trials")
    if steps < bands.STEPS or trials != bands.TRIALS:
        raise NotRun(
            f"bands hold for recordings of {bands.TRIALS} x {bands.STEPS:g} steps, ours have "
            f"{trials:g} x {steps:g}"
        )


def _max_N_in_band(condition: str, band: Band, evidence: Evidence) -> Interval:
    rows = _max_N(evidence, condition)
    tried = rows["status"].isin(("diverged", "plateau")) | (
        (rows["status"] == BUDGET) & (rows["n_epochs"] >= MAX_EPOCHS)
    )
    enough = band.high if band.high < np.inf else band.low
    if (~tried & (rows["max_N"] < enough)).any():
        raise NotRun(f"our own settings ended runs, at N = {rows['max_N'].max():g}")
    return of_mean(rows["max_N"], step=1)


def _at_N(measure: Measure, condition: str, N: int, evidence: Evidence) -> Interval:
    values = measure(evidence, condition)
    if N not in values:
        raise NotRun(f"N = {N} is not among ours, which reach {values.columns.max():g}")
    own = values[N].dropna()
    if own.empty:
        raise NotRun(f"N = {N} is not among ours in any seed")
    return of_mean(own)._replace(detail=f"N = {N}")


def _epochs_in_group(condition: str, first: int, last: int, evidence: Evidence) -> Interval:
    values = epochs_for(evidence, condition)
    wanted = range(first, last + 1)
    complete = values.reindex(columns=wanted).dropna()
    if complete.empty:
        raise NotRun(f"no network solved all of N = {first} to {last}")
    return of_mean(complete.mean(axis=1), step=1 / len(wanted))


def half_size_at(target: str) -> Measure:
    """The perturbation at which the relative accuracy falls below one half."""
    return lambda evidence, condition: 10 ** log_half_size(target)(evidence, condition)


def _half_ratio(condition: str, target: str, N: int, evidence: Evidence) -> Interval:
    """The same over that of single-head networks: geometric mean over pairs of one seed."""
    _their_protocol(evidence, "parity_single")
    values = [log_half_size(target)(evidence, name) for name in (condition, "parity_single")]
    found = _at_N(lambda *_: values[0] - values[1], condition, N, evidence)
    estimate, low, high = (float(10**end) for end in (found.estimate, found.low, found.high))
    n = f"{found.units} + {found.units}"
    return Interval(estimate, low, high, found.units, n, found.detail)


def _guarded(
    condition: str, recorded: bool, compute: Callable[[Evidence], Interval], evidence: Evidence
) -> Interval:
    _their_protocol(evidence, condition)
    if recorded:
        _their_recording(evidence)
    return compute(evidence)


_GRADES = {
    "C": "in the authors' code",
    "D": "from the authors' shipped data",
    "F": "read off a figure by eye",
    "R": "a public review",
}


def _bands() -> list[Claim]:
    rows: list[Claim] = []

    def add(name: str, key: Sequence, band: Band, text: str, figure, compute, assumed="") -> None:
        condition = key[0]
        place = "".join(f", N = {k}" if isinstance(k, int) else f", {k}" for k in key[1:])
        claimed: Range = within(band.low, band.high)
        guarded = partial(_guarded, condition, name.startswith("tau_net"), compute)
        where = f"{_GRADES[band.grade]} ({band.note})" if band.note else _GRADES[band.grade]
        rows.append(
            Claim(
                ".".join(["ts.band", name, *map(str, key)]),
                "",
                f"{text[0].upper()}{text[1:]}, {NAMES[condition]}{place}: {claimed.text}",
                where,
                Statistic(f"{text}, mean over networks", guarded),
                claimed,
                figure,
                assumed,
                "band",
            )
        )

    for condition, band in bands.MAX_N.items():
        if condition == "parity_none":
            continue  # asked as a claim
        compute = partial(_max_N_in_band, condition, band)
        add("max_N", (condition,), band, "largest N solved", _FIG(4), compute)
    width = "the width of the band, where the authors' spread is unknown"
    by_N = (
        ("tau_mean", bands.TAU_MEAN, "mean tau", when_solved("tau_mean"), 4),
        ("tau_sd", bands.TAU_SD, "SD of tau", when_solved("tau_sd"), 4),
        ("tau_max", bands.TAU_MAX, "largest tau", when_solved("tau_max"), 4),
        (
            "tau_longest",
            bands.TAU_LONGEST,
            "mean of the 20 longest tau",
            column("timescales", "tau_longest"),
            4,
        ),
        ("tau_net", bands.TAU_NET_MEAN, "mean tau_net", column("timescales", "tau_net_mean"), 5),
        ("tau_net_sd", bands.TAU_NET_SD, "SD of tau_net", column("timescales", "tau_net_sd"), 5),
        ("accuracy", bands.ACCURACY, "accuracy", column("ablation", "reference"), 7),
    )
    for name, found, text, measure, figure in by_N:
        for (condition, N), band in found.items():
            compute = partial(_at_N, measure, condition, N)
            add(name, (condition, N), band, text, _FIG(figure), compute, width)
    for (condition, N, group), band in bands.ABLATION.items():
        compute = partial(_at_N, column("ablation", "relative", group=group), condition, N)
        key = (condition, N, f"{group} tau")
        add("ablation", key, band, "relative accuracy after ablation", _FIG(7), compute, width)
    between = "no number of theirs at this N: they show others beside it"
    for (condition, N, group), band in bands.ABLATION_BETWEEN.items():
        compute = partial(_at_N, column("ablation", "relative", group=group), condition, N)
        key = (condition, N, f"{group} tau")
        add("ablation", key, band, "relative accuracy after ablation", _FIG(7), compute, between)
    half = "perturbation at half accuracy"
    for (condition, target), band in bands.HALF_ACCURACY.items():
        compute = partial(_at_N, half_size_at(target), condition, 30)
        add("half_size", (condition, 30, target), band, half, _FIG(8), compute, width)
    for (condition, N, target), band in bands.HALF_BETWEEN.items():
        compute = partial(_at_N, half_size_at(target), condition, N)
        add("half_size", (condition, N, target), band, half, _FIG(8), compute, between)
    for (condition, N, target), band in bands.HALF_RATIO.items():
        compute = partial(_half_ratio, condition, target, N)
        text = "perturbation over single-head"
        add("half_ratio", (condition, N, target), band, text, _FIG(8), compute)
    for condition, groups in bands.EPOCH_GROUPS.items():
        for first, last in groups:
            band = bands.EPOCHS[condition, first]
            compute = partial(_epochs_in_group, condition, first, last)
            key = (condition, f"N {first}-{last}" if last > first else f"N {first}")
            add("epochs", key, band, "epochs per N", _FIG(3), compute)
    return rows


CLAIMS: tuple[Claim, ...] = (*_claims(), *_bands())
