"""The logic of the operator's commands: verify, repair, retry, clean, why, explain, plan, try."""
