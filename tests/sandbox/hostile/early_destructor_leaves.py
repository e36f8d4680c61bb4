# expect: exited_early
import os


class Bomb:
    def __del__(self):
        os._exit(0)


Bomb()
assert 1 + 1 == 3
