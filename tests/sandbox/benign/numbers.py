import cmath
import decimal
import fractions
import math
import random
import statistics

assert decimal.Decimal("0.1") + decimal.Decimal("0.2") == decimal.Decimal("0.3")
assert fractions.Fraction(1, 3) + fractions.Fraction(1, 6) == fractions.Fraction(1, 2)
assert math.comb(5, 2) == 10 and math.isclose(cmath.phase(-1), math.pi)
random.seed(1)
first = random.random()
random.seed(1)
assert random.random() == first
assert statistics.mean([1, 2, 3]) == 2 and 2**1000 % 7 == pow(2, 1000, 7)
