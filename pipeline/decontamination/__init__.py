"""Decontamination: compares rows with benchmark packs, by copies, by resemblance and by execution."""
