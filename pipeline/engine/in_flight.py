"""Requests in flight in an engine process, and which of them are suspected of ending it.

Which request caused a death cannot be determined while many run together. Requests that ran in
`DEATHS_TOGETHER` deaths therefore run in isolation, and one that ends the process `DEATHS_ALONE`
times in isolation is identified as the cause. No input or output.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pipeline.engine.protocol import Completion, Request

DEATHS_TOGETHER = 2
DEATHS_ALONE = 2


@dataclass(slots=True)
class InFlight:
    """The requests of one `generate` that are not complete, by key.

    sent: those that the current process has; running: those of them that it has started
    deaths: number of deaths in which a request ran beside others; deaths_alone: in isolation
    isolated: requests to run one by one before all others
    """

    requests: dict[int, Request] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    deaths: dict[int, int] = field(default_factory=dict)
    deaths_alone: dict[int, int] = field(default_factory=dict)
    isolated: deque[int] = field(default_factory=deque)
    deaths_since_completion: int = 0
    crashes_in_a_row: int = 0

    def to_send(self) -> list[int]:
        """Keys of the requests to send to the process now."""
        if self.isolated:
            return [] if self.sent else [self.isolated[0]]
        return [key for key in self.requests if key not in self.sent]

    def remove(self, key: int) -> Request | None:
        """Remove a completed request; None if it belongs to an earlier `generate`."""
        self.sent.discard(key)
        self.running.discard(key)
        self.deaths.pop(key, None)
        self.deaths_alone.pop(key, None)
        if key in self.isolated:
            self.isolated.remove(key)
        return self.requests.pop(key, None)

    def record_death(self) -> int | None:
        """Count a death of the process; return the request identified as its cause, if any."""
        suspects = self.running or self.sent
        ran_alone = bool(self.isolated) or len(suspects) == 1
        self.sent, self.running = set(), set()
        self.deaths_since_completion += 1
        if ran_alone:
            for key in suspects:
                self.deaths_alone[key] = self.deaths_alone.get(key, 0) + 1
                if self.deaths_alone[key] >= DEATHS_ALONE:
                    return key
            return None
        for key in sorted(suspects):
            self.deaths[key] = self.deaths.get(key, 0) + 1
            if self.deaths[key] >= DEATHS_TOGETHER:
                self.isolated.append(key)
        return None

    def record_completion(self, completion: Completion) -> None:
        """Reset the counts of consecutive deaths and crashes, or count one more crash."""
        self.deaths_since_completion = 0
        self.crashes_in_a_row = self.crashes_in_a_row + 1 if completion.reason == "crash" else 0
