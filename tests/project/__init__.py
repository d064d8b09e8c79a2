"""What stands around the package: the action, the hooks, the site."""
