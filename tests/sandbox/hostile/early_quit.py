# expect: exited_early
quit()
assert 1 + 1 == 3
