# expect: compile_error|oom|failed|cpu_timeout|crashed
x = ((((2 ** 100_000) ** 1000) ** 1000) ** 1000) * "a" * 10**10
assert 1 + 1 == 3
