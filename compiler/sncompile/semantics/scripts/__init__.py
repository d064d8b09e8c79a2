"""What the scripts and notebooks of modules do with the values that they are given."""
