"""What functions do, found in the sandbox: `embedded` makes the programs, `inside` is what runs in them.

Two parts of the pipeline compare functions by it: decontamination (do a row's functions answer as a benchmark's
solution?) and the oracle (does a response answer as the seed that its instruction describes?). The export of preference
pairs counts with it which checks a response passes.
"""
