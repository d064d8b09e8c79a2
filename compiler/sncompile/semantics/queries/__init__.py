"""Queries and stored columns: DuckDB, held to limits in a process of its own."""
