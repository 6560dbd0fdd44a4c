"""A drawer of cash: counted at opening and closing, every movement in its cash book, a difference explained by two."""
