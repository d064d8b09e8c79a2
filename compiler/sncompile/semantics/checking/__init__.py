"""What can only be seen of a program as a whole: cycles, values, paths, files, what is left over."""
