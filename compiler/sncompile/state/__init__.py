"""What is known of jobs that were done: the state beside the data, what a job means, and what has to run."""
