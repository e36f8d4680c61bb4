"""What runs in the sandbox beside an answer to a benchmark's task: imports the standard library alone."""
