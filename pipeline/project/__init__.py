"""What a configuration means: sources, model, exemplars, benchmark packs, engines, sandboxes."""
