"""The claims of study 1 (Ghazizadeh & Ching 2021) and the statistic that each comes down to.

Sentences about memory are judged by where memories end; the same by where trials end, and by the
authors' own test, stand beside them as checks. Contrasts between mechanisms stand twice: as the
paper says them, and at equal feedback. See ``statistics``.
"""

from __future__ import annotations

from collections.abc import Callable

from memdyn.claims.intervals import Interval, Range, above, below, unequal, verdict, within
from memdyn.claims.judge import Claim, Evidence, NotRun, Statistic
from memdyn.slow_manifolds.claims import controls
from memdyn.slow_manifolds.claims.measures import (
    TRIALS,
    Measure,
    column,
    failed_at_longest,
    failed_under_noise,
    feedback,
    growth_of_failures,
    of_memories,
    points_per_item,
    slow_modes,
)
from memdyn.slow_manifolds.claims.statistics import (
    AUTHORS,
    DIRECT,
    MEMORY,
    OTHERS,
    OUTCOME,
    ROUTES,
    SAID,
    SLOW,
    contrast,
    existence,
    level,
    performing_share,
    prevalence,
    saturation_by_feedback,
)

#: Tables that the claims read, of fully trained networks. Controls read the first whole, with
#: snapshots and other variants, as the table ``EVERY``.
TABLES = ("networks", "delays", "noise", "points", "votes", "memory")
EVERY = controls.EVERY

_ABSTRACT = "abstract"
_MAP, _STRESS, _LANDSCAPE = "study 1, figure 4", "study 1, figure 5", "study 1, figure 3"
_PERFORM = "performing: at most 5 % of runs with e > 0.1"
_RULE = f"our label rule from memory states; {_PERFORM}"
_KEEPS = "“keeps”: no more failures than a performing network may have (5 %)"
_OWN = "a hint of ours, no sentence of theirs"
_MATCHED = "at equal feedback"
#: Direct networks occur at strong feedback, where the grid may have more seeds than elsewhere.
_FURTHER = "with further seeds"
#: Differences of fractions, and of points per item, that count as none.
_FRACTION, _POINTS = 0.05, 0.1
_SATURATED = "fraction of units with mean |r| > 0.8"
_LATE = "failed fraction at the longest added delay"
_NOISY = "failed fraction, mean over noise levels"


def _by_labels(make: Callable[[str], Statistic], claim: Claim) -> list[Claim]:
    """A claim by memory states, and as checks by trial ends and by the authors' test."""
    return [
        claim,
        *(
            claim._replace(
                id=f"{claim.id}.{short}",
                statistic=make(label),
                kind="check",
                by=SAID[label],
                assumption="" if label == AUTHORS else claim.assumption,
            )
            for label, short in ((OUTCOME, "trial_ends"), (AUTHORS, "authors"))
        ),
    ]


def _level(
    name: str,
    sentence: str,
    text: str,
    measure: Measure,
    group: str,
    claimed: Range,
    figure: str,
    assumption: str = "",
    step: float = 0.0,
) -> list[Claim]:
    def make(label: str) -> Statistic:
        return level(text, measure, group, step, label)

    assumption = "; ".join(filter(None, (assumption, _RULE)))
    number = name.split(".")[1]
    claim = Claim(name, number, sentence, _ABSTRACT, make(MEMORY), claimed, figure, assumption)
    return _by_labels(make, claim)


def _contrast(
    name: str,
    sentence: str,
    text: str,
    measure: Measure,
    claimed: Range,
    figure: str,
    assumption: str = "",
    other: str = DIRECT,
    step: float = 0.0,
    margin: float = _FRACTION,
    kind: str = "claim",
    where: str = _ABSTRACT,
) -> list[Claim]:
    """A contrast as the paper says it, whose detail says what becomes of it at equal feedback."""

    def make(label: str, matched: bool = False) -> Statistic:
        return contrast(text, measure, other, step, label, matched)

    matched = make(MEMORY, matched=True)

    def compute(evidence: Evidence) -> Interval:
        found = as_said.compute(evidence)
        try:
            said = verdict(matched.compute(evidence), claimed, margin)
        except NotRun:
            said = "not run"
        return found._replace(detail=f"{found.detail}; {_MATCHED}: {said}")

    as_said = make(MEMORY)
    number = name.split(".")[1] if not name.startswith("sm.5") else ""
    assumption = "; ".join(filter(None, (assumption, _RULE)))
    claim = Claim(
        name,
        number,
        sentence,
        where,
        Statistic(as_said.text, compute),
        claimed,
        figure,
        assumption,
        kind,
        margin,
    )
    equal = claim._replace(
        id=f"{name}.matched",
        sentence=f"... {_MATCHED}",
        statistic=matched,
        by=_MATCHED if kind == "check" else "",
    )
    first, *checks = _by_labels(make, claim)
    return [first, equal, *(checks if kind == "claim" else ())]


def _claims() -> list[Claim]:
    direct_keeps = _level(
        "sm.3.direct_keeps",
        "Direct networks keep their memories",
        _LATE,
        failed_at_longest,
        DIRECT,
        below(0.05),
        _STRESS,
        _KEEPS,
        TRIALS,
    )
    return [
        Claim(
            "sm.1.four",
            "1",
            "Four mechanisms emerge",
            _ABSTRACT,
            existence(ROUTES),
            within(2, float("inf")),
            _MAP,
            "existence: each in two seeds, with three routes agreeing; not found is undecided",
        ),
        *(
            Claim(
                f"sm.1.four.{short}",
                "1",
                "Four mechanisms emerge",
                _ABSTRACT,
                existence(label),
                within(2, float("inf")),
                _MAP,
                "existence: each in two seeds",
                "check",
                by=SAID[label],
            )
            for label, short in (
                (MEMORY, "memory"),
                (OUTCOME, "trial_ends"),
                (AUTHORS, "authors"),
            )
        ),
        Claim(
            "sm.1.half",
            "1",
            "About half of the networks perform",
            "recalled of the article, no source at hand",
            Statistic("share of networks that perform the task", performing_share),
            within(0.4, 0.6),
            _MAP,
            "the cut for “performs” is ours; “about half”: 0.4 to 0.6",
            "check",
        ),
        *_by_labels(
            prevalence,
            prevails := Claim(
                "sm.2.prevalent",
                "2",
                "Slow manifolds are the most frequent",
                _ABSTRACT,
                prevalence(MEMORY),
                above(0),
                _MAP,
                f"over the grid that was run; {_RULE}",
            ),
        ),
        prevails._replace(
            id="sm.2.prevalent.routes",
            statistic=prevalence(ROUTES),
            assumption="three routes must agree on a label",
            kind="check",
            by=SAID[ROUTES],
        ),
        *_level(
            "sm.2.slow",
            "Slow modes hold their memories through the delay",
            "share with a slowest mode longer than the delay",
            slow_modes,
            SLOW,
            above(0.5),
            _MAP,
            "“slow”: most networks; a mode that grows is none",
        ),
        *(
            Claim(
                f"sm.2.slow.{short}",
                "2",
                "Their memories move slowly",
                _ABSTRACT,
                level(text, of_memories(name), SLOW),
                below(edge),
                _LANDSCAPE,
                f"{said}; {_RULE}",
                "check",
                by=f"by {short}",
            )
            for short, text, name, edge, said in (
                (
                    "drift",
                    "way of memories in one more delay over their spread",
                    "drift",
                    1,
                    "“slowly”: less than what lies between them",
                ),
                (
                    "speed",
                    "speed at the end of the delay over that of the task",
                    "relative_speed",
                    0.1,
                    "“slowly”: ten times slower than the task",
                ),
            )
        ),
        *_level(
            "sm.2.phasic",
            "Few of their units stay saturated in the delay",
            _SATURATED,
            column("saturation_delay"),
            SLOW,
            below(0.5),
            _MAP,
            "“phasic”: less than half of the units saturated",
        ),
        *_contrast(
            "sm.2.phasic_than_direct",
            "... fewer than in direct networks (tonic)",
            _SATURATED,
            column("saturation_delay"),
            below(0),
            _MAP,
        ),
        *_contrast(
            "sm.2.change",
            "Their rates change more in the delay than in direct ones",
            "mean |change of rate| over delay 1",
            column("change_in_delay"),
            above(0),
            _MAP,
            "an index of ours",
            kind="check",
        ),
        *direct_keeps,
        direct_keeps[0]._replace(
            id="sm.3.direct_keeps.further",
            statistic=level(_LATE, failed_at_longest, DIRECT, TRIALS, further=True),
            kind="check",
            by=_FURTHER,
        ),
        *_level(
            "sm.3.slow_forgets",
            "Slow manifolds lose them",
            _LATE,
            failed_at_longest,
            SLOW,
            above(0.05),
            _STRESS,
            _KEEPS,
            TRIALS,
        ),
        *_level(
            "sm.3.over_time",
            "... the more, the longer the delay",
            "failed fraction, longest minus shortest added delay",
            growth_of_failures,
            SLOW,
            above(0),
            _STRESS,
            "",
            TRIALS,
        ),
        *_contrast(
            "sm.3.forgets_more",
            "... more than direct networks do",
            _LATE,
            failed_at_longest,
            above(0),
            _STRESS,
            step=TRIALS,
        ),
        *_contrast(
            "sm.4.efficient",
            "Slow manifolds need fewer attractors than direct",
            "stable points up to sign, per item (2 memories, 3 outcomes)",
            points_per_item,
            below(0),
            _MAP,
            "“efficient”: by the solver, where the degrees of its points sum to 1",
            step=1 / 5,
            margin=_POINTS,
        ),
        *_contrast(
            "sm.4.noise",
            "Slow manifolds resist noise better than direct",
            _NOISY,
            failed_under_noise("uniform"),
            below(0),
            _STRESS,
            "the authors' noise U(0.5, 0.5 + s) is an offset first of all",
        ),
        *_contrast(
            "sm.4.noise_others",
            "... better than all others",
            _NOISY,
            failed_under_noise("uniform"),
            below(0),
            _STRESS,
            "the authors' noise U(0.5, 0.5 + s) is an offset first of all",
            other=OTHERS,
        ),
        *_contrast(
            "sm.4.noise_zero_mean",
            "... also if the noise has no mean",
            _NOISY,
            failed_under_noise("gaussian"),
            below(0),
            _STRESS,
            "N(0, s² / 12), a control of ours",
            other=OTHERS,
        ),
        *_contrast(
            "sm.4.noise_state",
            "... also if it is in the units themselves",
            _NOISY,
            failed_under_noise("state"),
            below(0),
            _STRESS,
            "s sqrt(dt) N(0, 1) in each unit at each step, a control of ours",
            other=OTHERS,
        ),
        *_contrast(
            "sm.4.lesion",
            "... and the loss of input to a part of the units",
            "failed fraction, mean over fractions of units",
            failed_under_noise("lesion"),
            below(0),
            _STRESS,
            "a protocol of the authors' code that the abstract does not name",
            other=OTHERS,
            kind="check",
            where="the authors' code",
        ),
        *_contrast(
            "sm.4.noise_own",
            "... also beyond what fails without noise",
            "failed fraction above that of level 0, mean over levels",
            failed_under_noise("uniform", above_own=True),
            below(0),
            _STRESS,
            "equal footing: each network's own failures without noise taken off",
            other=OTHERS,
            kind="check",
        ),
        Claim(
            "sm.5.tonic_feedback",
            "",
            "Strong feedback makes units tonic",
            "ours, not the paper's: a small run (500 units, pg 0.4, gaussian stimuli, one seed)",
            Statistic(f"{_SATURATED}: strongest minus weaker feedback", saturation_by_feedback),
            above(0),
            _MAP,
            _OWN,
            "check",
            _FRACTION,
        ),
        Claim(
            "sm.5.weaker_feedback",
            "",
            "Slow manifolds lie at weaker feedback than direct",
            "ours, not the paper's: a small run (500 units, pg 0.4, gaussian stimuli, one seed)",
            contrast("log10 (1 / fb)", feedback),
            below(0),
            _MAP,
            _OWN,
            "check",
        ),
        *(
            Claim(
                f"sm.c.{name}",
                "controls",
                sentence,
                "a control: grid, or the authors' code",
                controls.shift(name),
                unequal(),
                _MAP,
                f"“alike”: shares within {controls.MARGIN:g}; {_RULE}",
                "control",
                controls.MARGIN,
            )
            for name, sentence in (
                ("pg", "Density of J shifts the mechanisms"),
                ("distribution", "Gaussian or uniform weights shift them"),
                ("stimuli", "Other stimuli shift them"),
                ("trials", "Longer training shifts them"),
            )
        ),
    ]


CLAIMS: tuple[Claim, ...] = tuple(_claims())
