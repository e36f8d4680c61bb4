"""What functions do, found in the sandbox: `embedded` makes the programs, `inside` is what runs in them.

Two parts of the pipeline compare functions by it: decontamination (do a row's functions answer as a benchmark's
solution?) and the oracle (does a response answer as the seed that its instruction describes?). A third follows them
line by line: monologues are `calls` of a response's tests, traced and told by `narration`. The export of preference
pairs counts which checks a response passes.
"""
