"""Agreement: how far the other samples of an instruction bear a response out, after CodeT (arXiv 2207.10397).

Another sample agrees when the response passes its tests, and agrees both ways when its code passes the response's
tests as well. One way is the evidence where tests are better than code, as a model's literal tests seldom are wrong in
the same way; both ways leave out tests and code that anything passes.
"""

from __future__ import annotations

from pipeline.records import Verification


def agreement(record: Verification) -> float:
    """The agreement of a verified response, 0 to less than 1.

    The mean of both shares of the samples that it was compared with and of one more, imagined, that does not agree: so
    that it grows with the number of samples, and is 0.5 for one that agrees both ways, 0.9 for nine.
    """
    agreeing = set(record["agrees"])
    both_ways = agreeing & set(record["supports"])
    return round((len(agreeing) + len(both_ways)) / (2 * (record["asked"] + 1)), 4)
