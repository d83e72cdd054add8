"""The commands, a file for each group of them. What one needs beyond its options is imported when it runs."""
