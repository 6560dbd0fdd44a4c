"""The village office counter: weigh, inspect, accept and pay in one act, send back, reverse by two."""
