"""Plumbing between processes: shared memory, pipes, workers and their supervisor."""
