"""Pure text logic: no files, no models, no Luigi."""
