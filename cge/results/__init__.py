"""What a solved scenario shows: one kind of result, its tables, the data base after it."""
