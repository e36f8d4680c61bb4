"""Pure functions over text, code as text, and hashes. No files, no models, no Luigi."""
