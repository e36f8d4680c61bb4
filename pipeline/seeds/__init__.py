"""From the parts of a source to seed shards: scan, definitions, rules, ledger, snapshot."""
