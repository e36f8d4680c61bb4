# expect: failed
"""
>>> 1 + 1
3
"""

import doctest

doctest.testmod()
