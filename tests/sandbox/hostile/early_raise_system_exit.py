# expect: exited_early
raise SystemExit
assert 1 + 1 == 3
