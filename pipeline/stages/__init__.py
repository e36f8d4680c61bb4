"""The pipeline: one Luigi task a file, in the order of a record's trip from seed to row.

`base` and `generation` hold what stages share, `chain` finds the stages in their order.
"""
