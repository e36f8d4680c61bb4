"""One process at work: its lock, signals, logs, progress, status file and exit code."""
