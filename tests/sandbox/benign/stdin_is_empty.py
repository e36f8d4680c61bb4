import sys

assert sys.stdin.read() == ""
try:
    input()
except EOFError:
    ended = True
assert ended
