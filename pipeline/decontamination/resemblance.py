"""An inverted index: the similarity of one bag of features to each of many documents, rare features counting most.

The weight of a feature is its inverse document frequency, -log(share), to the power 0.75. The share is the larger of
that in the indexed documents and that in a background, so that a small collection does not make common features look
rare. Similarity is the cosine of two such vectors, reduced for vectors so short that a few shared common features
would make a high cosine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pipeline.text.numeric import np, npt

_RAREST = 0.002
_IMAGINED = 50  # documents without any feature, added to the number of indexed ones
_POWER = 1.5  # of the rarity in a product of two weights
_HEAVIEST = math.pow(-math.log(_RAREST), _POWER)


class Resemblance:
    """An index of documents, each a sequence of distinct features.

    `doubt` is added to the product of two vectors' lengths; the square of a rare feature's weight is about 14, that of
    a common feature 1 to 4. Documents of one family count as one where the share of a feature is measured.
    """

    def __init__(
        self,
        documents: Sequence[Sequence[str]],
        background: Mapping[str, float],
        doubt: float,
        families: Sequence[int],
    ) -> None:
        self._count = len(documents)
        of = np.array(families, np.int64)
        count = len(set(families))
        self._background = background
        # Of features that no document has.
        self._elsewhere = {feature: self._weight(feature, 0.0) for feature in background}
        self._doubt = doubt
        postings: dict[str, list[int]] = {}
        for number, features in enumerate(documents):
            for feature in features:
                postings.setdefault(feature, []).append(number)
        self._weights = {
            feature: self._weight(feature, len(np.unique(of[numbers])) / (count + _IMAGINED))
            for feature, numbers in postings.items()
        }
        squares = np.zeros(self._count)
        for feature, numbers in postings.items():
            squares[numbers] += self._weights[feature]
        self._lengths = np.sqrt(squares)
        self._postings = {feature: np.array(numbers, np.int32) for feature, numbers in postings.items()}

    def scores(self, features: Sequence[str]) -> npt.NDArray[np.float64]:
        """The similarity, from 0 to 1, to every document."""
        square = 0.0
        weights, postings = [0.0], [np.empty(0, np.int32)]
        for feature in features:
            weight = self._weights.get(feature)
            if weight is None:
                square += self._elsewhere.get(feature, _HEAVIEST)
                continue
            square += weight
            weights.append(weight)
            postings.append(self._postings[feature])
        each = np.repeat(weights, [len(numbers) for numbers in postings])
        scores = np.bincount(np.concatenate(postings), each, self._count)
        return scores / (self._lengths * math.sqrt(square) + self._doubt)

    def heaviest_shared(self, features: Sequence[str], among: Sequence[str], most: int = 5) -> list[str]:
        """The heaviest features that two documents share, at most `most`: the evidence of a similarity."""
        shared = set(features) & set(among)
        return sorted(shared, key=lambda feature: (-self._weights.get(feature, 0.0), feature))[:most]

    def _weight(self, feature: str, share: float) -> float:
        share = max(self._background.get(feature, 0.0), share, _RAREST)
        return math.pow(-math.log(share), _POWER)
