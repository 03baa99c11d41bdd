"""What is shown: the answer while it comes, questions to the user, tables."""
