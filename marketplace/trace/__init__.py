"""The page behind the code on a label."""
