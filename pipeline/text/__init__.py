"""Pure and general: text, code as text, hashes. No files, no models, no Luigi."""
