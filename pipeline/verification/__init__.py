"""Whether tests that passed mean anything: what is asked of a response and its tests beyond exit code 0.

mutants.py     changed copies of the response, which good tests notice
instrument.py  code and tests that say which asserts ran and which functions were called
harness.py     runs inside the sandbox: all of it in one program a response
job.py         the program for a response, and what its report means
agreement.py   the dual execution agreement of the responses of an instruction
"""
