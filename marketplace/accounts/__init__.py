"""People who sign in: users, roles as rows with scope and term, passwords, PINs, sessions."""
