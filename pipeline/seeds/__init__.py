"""Seeds: from the parts of a source to seed shards. Scan, candidates, rules, ingest, snapshot."""
