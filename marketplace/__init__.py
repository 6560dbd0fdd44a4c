"""The marketplace wing: packages walk from the household to the buyer, their money into the household's book.

Nothing is imported here: `python -m marketplace verify` must run on the standard library alone.
"""
