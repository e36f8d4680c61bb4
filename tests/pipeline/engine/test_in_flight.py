"""Requests in flight: which are sent, and which is identified as the cause of deaths."""

from __future__ import annotations

from pipeline.engine import Completion, Request
from pipeline.engine.in_flight import DEATHS_ALONE, DEATHS_TOGETHER, InFlight


def in_flight(n: int) -> InFlight:
    return InFlight({key: Request(str(key), "", "a", 1) for key in range(n)})


def run(requests: InFlight) -> list[int]:
    """Send all that is due and start it; return the keys."""
    keys = requests.to_send()
    requests.sent.update(keys)
    requests.running.update(keys)
    return keys


def test_a_request_is_sent_once():
    requests = in_flight(3)
    assert run(requests) == [0, 1, 2]
    assert requests.to_send() == []


def test_after_a_death_all_requests_are_sent_again():
    requests = in_flight(3)
    run(requests)
    assert requests.record_death() is None
    assert requests.to_send() == [0, 1, 2]


def test_requests_of_repeated_deaths_run_one_by_one_until_one_is_identified():
    requests = in_flight(3)
    for _ in range(DEATHS_TOGETHER):
        run(requests)
        assert requests.record_death() is None
    assert run(requests) == [0]
    requests.remove(0)
    for _ in range(DEATHS_ALONE - 1):
        assert run(requests) == [1]
        assert requests.record_death() is None
    assert run(requests) == [1]
    assert requests.record_death() == 1
    requests.remove(1)
    assert run(requests) == [2]


def test_requests_that_were_sent_but_not_started_are_no_suspects():
    requests = in_flight(4)
    for _ in range(DEATHS_TOGETHER):
        requests.sent.update(requests.to_send())
        requests.running.update({1, 2})
        requests.record_death()
    assert list(requests.isolated) == [1, 2]


def test_a_completion_ends_a_series_of_deaths_and_of_crashes():
    requests = in_flight(2)
    run(requests)
    requests.record_death()
    requests.record_completion(Completion("0", "", "crash"))
    assert (requests.deaths_since_completion, requests.crashes_in_a_row) == (0, 1)
    requests.record_completion(Completion("1", "", "stop"))
    assert requests.crashes_in_a_row == 0


def test_a_completion_of_an_earlier_generate_is_not_removed():
    assert in_flight(1).remove(7) is None
