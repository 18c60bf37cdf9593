"""The tamper drill: somebody with the whole database in hand, and what the walk through the chain says of it.

Each kind of tampering is tried on chains of several days; what counts is that it is found, named as what it is, and
located; and that a chain nobody touched is never called broken.
"""

import os
from collections import Counter
from datetime import timedelta

import pytest

from riskapp.domain.audit_check import Tampering
from riskapp.features.audit import queries
from tests.chains import BEGINS, DAY, KEY, PUBLIC, erase, rehash, sighting
from tests.conftest import POSTGRESQL
from tests.tampering import A_DAY, DAYS, WAYS, WITNESSED, Drill, InMemory, OnServer

SEED = 20261128
CASES, CLEAN = 1000, 100
GATE = {"SQLite": (CASES, CLEAN), "PostgreSQL": (CASES // 4, CLEAN // 4)}
"""Tamperings and clean walks of the gate: on a server each takes three times as long; `make drill` does all."""


@pytest.fixture(autouse=True)
def reads_a_few_at_a_time(monkeypatch):
    monkeypatch.setattr(queries, "IN_ONE_READ", 40)


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRESQL else [])])
def ground(request):
    ground = InMemory() if request.param == "sqlite" else OnServer(request.getfixturevalue("migrated_postgresql"))
    yield ground
    ground.close()


def _run(drill: Drill, cases: int) -> tuple[Counter, list[str]]:
    done, wrong = Counter(), []
    for number in range(cases):
        way = WAYS[number % len(WAYS)]
        drill.restore()
        kind, place = getattr(drill, way)()
        verdict = drill.verdict(witnessed=way in WITNESSED)
        fault = verdict.fault
        done[kind] += 1
        if fault is None:
            wrong.append(f"{number} {way} at {place}: not found")
        elif fault.kind != kind:
            wrong.append(f"{number} {way} at {place}: called {fault.kind} at {fault.sequence}: {fault.detail}")
        elif kind is Tampering.TAIL_REWRITTEN:
            if not fault.sequence <= place <= fault.sequence + A_DAY + 1 and place < fault.sequence:
                wrong.append(f"{number} {way} at {place}: located after it, at {fault.sequence}")
        elif place is not None and fault.sequence != place:
            wrong.append(f"{number} {way} at {place}: located at {fault.sequence}: {fault.detail}")
    return done, wrong


def _clean(drill: Drill, runs: int) -> int:
    """Live on, a day or a few entries at a time, and verify each time: how often the chain was called broken."""
    drill.restore()
    living = drill.chain
    alarms = 0
    for run in range(runs):
        at = BEGINS + DAY * (DAYS + 1 + run)
        written = living.write(drill.random.randint(0, 6), at)
        if written and drill.random.random() < 0.2:
            erase(living, written[-1:], at + timedelta(hours=1))
        if drill.random.random() < 0.7:
            living.seal(at + DAY)
        if drill.random.random() < 0.5:
            living.issue(at + DAY)
        outside = [sighting(each) for each in drill.random.sample(living.issued, 3)]
        alarms += queries.verify(drill.connection, outside=outside, trusted=PUBLIC).fault is not None
    return alarms


def _drill(ground: InMemory | OnServer, cases: int, clean: int, seed: int, tell) -> None:
    drill = Drill(ground, seed)
    done, wrong = _run(drill, cases)
    assert not wrong, f"{len(wrong)} of {cases}:\n" + "\n".join(wrong[:20])
    assert sum(done.values()) == cases
    assert min(done[kind] for kind in Tampering) >= cases // len(WAYS), done
    assert _clean(drill, clean) == 0
    kinds = ", ".join(f"{count} {kind.value}" for kind, count in sorted(done.items()))
    tell(f"Tamper drill (seed {seed}, {ground.name}): {cases:,} found and named: {kinds}. {clean} clean, 0 alarms")


def test_every_tampering_is_found_and_named_and_a_clean_chain_never_is(ground, tell):
    _drill(ground, *GATE[ground.name], SEED, tell)


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(int(os.environ.get("TAMPER_SEEDS", "10"))))
def test_ten_thousand_tamperings_on_other_chains(ground, seed, tell):
    _drill(ground, CASES, CLEAN, seed, tell)


def test_without_a_witness_from_outside_a_tail_that_is_rewritten_or_cut_with_its_checkpoints_is_not_seen(ground):
    """What the command says of itself when no witness is given, so that nobody trusts it for more than it can."""
    drill = Drill(ground, SEED)
    drill._delete(drill.length)
    drill.do("DELETE FROM audit_checkpoint")
    assert drill.verdict().fault is None
    assert drill.verdict(witnessed=True).fault.kind is Tampering.TAIL_CUT


def test_a_checkpoint_kept_inside_sees_a_rewritten_tail_without_any_witness():
    drill = Drill(InMemory(), SEED)
    drill.do("UPDATE audit_entry SET event = 'risk:forged' WHERE id = 3")
    rehash(drill.connection, 3)
    assert drill.verdict().fault.kind is Tampering.TAIL_REWRITTEN
    assert KEY not in drill.ground.raw.serialize()
