"""Runs in the engine's own process: the only code that loads llama.cpp."""
