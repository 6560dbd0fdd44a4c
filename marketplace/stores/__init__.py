"""The store's counter: pick-ups that wait, cash against code, handed over."""
