"""What rules say, turned into the controls of frameworks: shipped ones and the user's own."""
