"""Values in shell scripts, against a real bash."""
