"""The demo world of Jinpo Village. Every person in it is invented; money, weights and days are the CSV files'."""
