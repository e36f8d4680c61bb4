"""Verifies that passed tests mean something: the requirements on a response and its tests beyond exit code 0.

job.py         the program for a response, the meaning of its report, and the rules
mutants.py     changed copies of the response, which good tests notice
instrument.py  code and tests that report which asserts ran and which functions were called
agreement.py   how far the other responses to an instruction bear one out
inside/        runs in the sandbox, all of it in one program a response: harness.py (the runs), circumstances.py
               (other draws, clocks, addresses), values.py (changed return values)
"""
