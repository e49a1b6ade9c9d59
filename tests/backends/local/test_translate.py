"""Readings become samples and health without a machine."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from backends.contract.kinds import HOST
from backends.contract.model import Health
from backends.local.readings import Busy, Disk, HostReading, Memory, Traffic
from backends.local.translate import host_sample, wellbeing

GIB = 2**30


def reading(moment: float = 0.0, **changes: object) -> HostReading:
    plain = HostReading(
        at=1000.0 + moment,
        moment=moment,
        cores=(Busy(10, 100), Busy(20, 100)),
        memory=Memory(16 * GIB, 4 * GIB),
        swap=Memory(0, 0),
        load=(0.5, 0.4, 0.3),
        disks=(Disk("/", "/dev/a", 100, 50, 50.0),),
        disk_io={"a": Traffic(0, 0, counted=True)},
        net_io={"eth0": Traffic(0, 0, counted=True), "docker0": Traffic(0, 0, counted=False)},
        temperatures={},
        boot=0.0,
        processes=3,
        users=(),
    )
    return plain._replace(**changes)  # type: ignore[arg-type] # the fields differ in type


def test_use_and_rates_are_differences_over_time() -> None:
    later = reading(
        2.0,
        cores=(Busy(11, 102), Busy(22, 102)),
        net_io={"eth0": Traffic(2000, 400, counted=True), "docker0": Traffic(9000, 0, counted=False)},
    )
    values = host_sample("here", later, reading()).values
    assert (values["core/0"], values["core/1"], values["cpu"]) == (50.0, 100.0, 75.0)
    assert (values["net_rx"], values["net_tx"], values["net_rx_if/docker0"]) == (1000.0, 200.0, 4500.0)


def test_the_first_reading_has_no_rates_and_nothing_is_made_up() -> None:
    bare = reading(
        cores=None, memory=None, swap=None, load=None, disks=(), disk_io={}, net_io={}, boot=None, processes=None
    )
    assert host_sample("here", bare, bare._replace(moment=-1.0)).values == {}
    assert "cpu" not in host_sample("here", reading(), None).values


def test_a_counter_that_was_set_back_counts_nothing() -> None:
    before = reading(net_io={"eth0": Traffic(5000, 5000, counted=True)})
    assert host_sample("here", reading(1.0), before).values["net_rx"] == 0


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e9)), min_size=2, max_size=2), st.floats(0.001, 1e6))
def test_every_value_is_finite_and_declared(times: list[tuple[float, float]], elapsed: float) -> None:
    declared = {metric.id for metric in HOST.metrics}
    later = reading(elapsed, cores=tuple(Busy(*pair) for pair in times))
    for key, value in host_sample("here", later, reading()).values.items():
        assert key.partition("/")[0] in declared
        assert math.isfinite(value)
        assert not key.startswith(("cpu", "core")) or 0 <= value <= 100


def test_a_well_machine_has_no_reason() -> None:
    assert wellbeing(reading(), 4) == (Health.GOOD, None)


def test_troubles_are_sentences_and_the_worst_counts() -> None:
    ill = reading(
        disks=(Disk("/", "a", 100, 92, 92.0), Disk("/data", "b", 100, 97, 97.0)),
        memory=Memory(100, 95),
        swap=Memory(100, 90),
        load=(30.0, 20.0, 5.0),
    )
    health, reason = wellbeing(ill, 4)
    assert health is Health.FAULT
    assert reason is not None
    assert reason.startswith("Disk /data is 97 % full.")
    for part in ("Disk / is 92 % full.", "Memory is 95 % used.", "Swap is 90 % used.", "Load is 20.0"):
        assert part in reason
    assert wellbeing(ill._replace(disks=ill.disks[:1]), 4)[0] is Health.WARNING
