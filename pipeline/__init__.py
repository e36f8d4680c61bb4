"""SelfCodeAlign as Luigi tasks: `luigi --module pipeline FinalDataset`."""
