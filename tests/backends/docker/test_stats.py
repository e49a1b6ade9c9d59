"""The arithmetic of ``docker stats`` on answers shortened from a real engine."""

from __future__ import annotations

from typing import Any

import pytest

from backends.docker.stats import counters, measured


def answer(second: int, **changes: Any) -> dict[str, Any]:
    return {
        "read": f"2026-11-21T00:46:{second:02d}Z",
        "pids_stats": {"current": 2},
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"op": "Read", "value": 1000 * second},
                {"op": "Write", "value": 500 * second},
                {"op": "Total", "value": 1500 * second},
            ]
        },
        "cpu_stats": {
            "cpu_usage": {"total_usage": 500_000_000 * second, "percpu_usage": [1, 1]},
            "system_cpu_usage": 2_000_000_000 * second,
            "online_cpus": 2,
            "throttling_data": {"periods": 10 * second, "throttled_periods": 5 * second},
        },
        "precpu_stats": {},
        "memory_stats": {"usage": 1000, "limit": 4000, "stats": {"total_inactive_file": 400, "inactive_file": 1}},
        "networks": {"eth0": {"rx_bytes": 10 * second, "tx_bytes": second}, "eth1": {"rx_bytes": 10 * second}},
        **changes,
    }


def values(raw: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, float]:
    now = counters(raw)
    assert now is not None
    return measured(raw, now, counters(before) if before else None)


def test_rates_come_from_two_answers() -> None:
    assert values(answer(2), answer(1)) == pytest.approx(
        {
            "pids": 2,
            "memory": 600,
            "memory_limit": 4000,
            "cpu": 50,
            "net_rx": 20,
            "net_tx": 1,
            "block_read": 1000,
            "block_write": 500,
            "throttled": 50,
        }
    )


def test_the_first_answer_has_no_rates() -> None:
    assert set(values(answer(1))) == {"pids", "memory", "memory_limit"}


def test_the_engine_s_own_earlier_counters_are_enough_for_the_processor() -> None:
    earlier = {"cpu_usage": {"total_usage": 500_000_000}, "system_cpu_usage": 2_000_000_000}
    assert values(answer(2, precpu_stats=earlier))["cpu"] == pytest.approx(50)


def test_cgroup_v2_names_its_cache_otherwise() -> None:
    memory = {"usage": 1000, "limit": 4000, "stats": {"inactive_file": 300}}
    assert values(answer(1, memory_stats=memory))["memory"] == 700


def test_a_cache_larger_than_the_usage_is_not_taken_off() -> None:
    memory = {"usage": 1000, "stats": {"inactive_file": 2000}}
    assert values(answer(1, memory_stats=memory)) == {"pids": 2, "memory": 1000}


def test_an_engine_without_the_machine_s_clock_is_measured_by_time() -> None:
    def without(second: int) -> dict[str, Any]:
        return answer(second, cpu_stats={"cpu_usage": {"total_usage": 500_000_000 * second}})

    assert values(without(2), without(1))["cpu"] == pytest.approx(50)


def test_counters_that_began_again_give_no_rate() -> None:
    assert "net_rx" not in values(answer(5, networks={"eth0": {"rx_bytes": 1}}), answer(4))


def test_what_is_not_measured_is_absent() -> None:
    raw = answer(2, networks=None, blkio_stats={"io_service_bytes_recursive": None}, pids_stats={}, memory_stats={})
    assert set(values(raw, answer(1))) == {"cpu", "throttled"}


def test_a_stopped_container_has_no_counters() -> None:
    assert counters({"read": "0001-01-01T00:00:00Z", "cpu_stats": {"cpu_usage": {"total_usage": 0}}}) is None
