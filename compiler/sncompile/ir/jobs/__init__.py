"""Jobs, one by one: what each runs, reads, writes and waits for, and its digest."""
