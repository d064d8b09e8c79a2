"""What an engine must be able to do for a pipeline. A target says which of it its engine can; the rest is refused."""

from __future__ import annotations

from enum import Enum


class Feature(Enum):
    """Something that some engines can do and others cannot. The value is what people call it."""

    OPTIONAL_OUTPUTS = "optional outputs"
    CONTAINERS = "containers"
    NETWORK = "network in containers"
    CONDA = "conda environments"
    SECRETS = "secrets"
    SECRETS_IN_CONTAINERS = "secrets in containers"
    RETRIES = "retries"
    PRIORITIES = "priorities"
    RUN_TIME = "amounts by size or attempt"
    LATE_WORDS = "amounts by size in commands"
    TEMPORARY = "temporary files"
    PROTECTED = "protected files"
    PROTECTED_FOLDERS = "protected directories"
    LIST_FILES = "lists in files"
    OWN_INSTANCES = "jobs that read from jobs of the same step"
    CHECKS = "checks of what was written"
    BATCHES = "several jobs in one"
    LOCAL_JOBS = "jobs of the submitting machine"
