# expect: failed|tampered|exited_early
import os


class Trick(BaseException):
    @property
    def __traceback__(self):
        os._exit(0)

    def __str__(self):
        os._exit(0)

    def __instancecheck__(self, _):
        return True


raise Trick
