# expect: cpu_timeout|timeout
x = 7 ** (7 ** 9)
