"""Repositories of git: how git is asked, and the files of their revisions."""
