"""Where things are: villages and their groups, the party office, the county hub, stores, the online shop."""
