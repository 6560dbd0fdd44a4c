"""The household's income record: append-only entries by kind, each with its document; statement and net per head."""
