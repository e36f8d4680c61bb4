"""The engine's own process, started by `process.Child`: the only code that loads llama.cpp."""
