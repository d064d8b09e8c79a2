"""Graph → what every engine needs of it, worked out once: words, columns, files, waits, amounts."""
