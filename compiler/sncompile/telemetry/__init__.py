"""What happens in a run → OpenTelemetry traces, metrics and logs. Knows nothing of Snakemake, nor of run folders."""
