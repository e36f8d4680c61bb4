# expect: tampered
import math

math.isclose = lambda *_, **__: True

assert math.isclose(1 + 1, 3)
