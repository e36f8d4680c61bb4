"""The logic of the commands: each operation takes a project and returns what its command prints."""
