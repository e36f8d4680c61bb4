"""The run of one process: its lock, signals, logs, progress, status file and exit code."""
