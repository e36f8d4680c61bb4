# expect: cpu_timeout|timeout
while True:
    pass
