"""Options that tests share, and which tests are long."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# The same examples each time: what has passed passes again. `SNCOMPILE_EXAMPLES` asks for a search for new ones.
hypothesis.settings.register_profile("same", derandomize=True)
# The first example that fails, whatever it looks like: for who only asks whether there is one.
hypothesis.settings.register_profile(
    "hasty", derandomize=True, phases=[phase for phase in hypothesis.Phase if phase.name not in ("shrink", "explain")]
)
if "SNCOMPILE_EXAMPLES" not in os.environ:
    hypothesis.settings.load_profile("same")

LONG = (
    "attacks/test_pages.py::test_page[cross_product]",
    "attacks/test_pages.py::test_page[giant_scalar]",
    "attacks/test_pages.py::test_page[giant_title]",
    "attacks/test_pages.py::test_page[many_pipelines]",
    "attacks/test_pages.py::test_page[not_a_parquet]",
    "attacks/test_places.py",
    "attacks/test_shown.py::test_pages_hold_no_markup_of_a_spec",
    "bench/test_bench.py",
    "engines/test_changes.py::test_a_changed_value_runs_a_job_again[0",
    "engines/test_changes.py::test_a_changed_value_runs_a_job_again[1",
    "engines/test_changes.py::test_a_changed_value_runs_a_job_again[2",
    "engines/test_conformance.py::test_page[bash-companions",
    "engines/test_conformance.py::test_page[bash-order",
    "engines/test_conformance.py::test_page[bash-scratch",
    "engines/test_conformance.py::test_page[cwl",
    "engines/test_conformance.py::test_page[snakemake",
    "engines/test_containers.py",
    "engines/test_crashes.py",
    "engines/test_cwl.py",
    "engines/test_cwl_containers.py",
    "engines/test_cwl_values.py",
    "engines/test_diff.py::test_snakemake_runs_what_diff_calls_changed",
    "engines/test_disk.py",
    "engines/test_done.py",
    "engines/test_edits_and_kills.py",
    "engines/test_elsewhere.py",
    "engines/test_examples.py::test_functions_scripts_and_notebooks",
    "engines/test_examples.py::test_illumination",
    "engines/test_examples.py::test_tissue",
    "engines/test_failures.py::test_a_command_is_told_whole_or_not_at_all",
    "engines/test_failures.py::test_a_disk_that_is_full_before_the_run_is_named",
    "engines/test_failures.py::test_every_try_keeps_its_log",
    "engines/test_failures.py::test_what_a_cluster_says",
    "engines/test_failures.py::test_what_only_the_command_that_submits_has_said",
    "engines/test_forecasts.py",
    "engines/test_late.py",
    "engines/test_late_scatter.py",
    "engines/test_levels.py",
    "engines/test_list_files.py",
    "engines/test_logs.py::test_a_large_log_takes_little_memory",
    "engines/test_logs.py::test_nothing_tells_what_a_tool_printed_of_a_secret",
    "engines/test_lookups.py::test_a_chain_in_a_sheet_of_any_order[2]",
    "engines/test_lookups.py::test_a_deep_chain_is_planned_by_plain_snakemake",
    "engines/test_lookups.py::test_sheets_of_thousands_of_rows",
    "engines/test_lookups.py::test_what_follows_in_a_chain_runs_again",
    "engines/test_memory.py",
    "engines/test_optional_outputs.py",
    "engines/test_orphans.py",
    "engines/test_past_runs.py",
    "engines/test_profiles.py",
    "engines/test_python_runs.py::test_results_are_taken_as_they_are_or_from_another_folder",
    "engines/test_random_specs.py",
    "engines/test_read_back.py",
    "engines/test_remote.py",
    "engines/test_rows.py::test_cwl_serves_every_sheet",
    "engines/test_runs.py::test_a_lock_whose_owner_was_killed_heals",
    "engines/test_runs_asked.py::test_an_engine_that_cannot_start_leaves_no_lock",
    "engines/test_runs_asked.py::test_cancel_ends_what_does_not_want_to_end[arguments0]",
    "engines/test_runs_asked.py::test_logs_of_jobs",
    "engines/test_runs_asked.py::test_logs_of_the_past_are_not_those_of_a_later_run",
    "engines/test_runs_asked.py::test_steps_that_share_a_rule_are_told_apart",
    "engines/test_scratch.py",
    "engines/test_selection.py",
    "engines/test_shared_data.py::test_a_directory_holds_what_another_run_writes",
    "engines/test_shared_data.py::test_another_folder_is_refused_while_a_run_writes",
    "engines/test_shared_data.py::test_what_a_dead_run_left_half_written_is_made_again[a-2",
    "engines/test_shared_data.py::test_what_a_dead_run_left_half_written_is_made_again[b-0]",
    "engines/test_shared_data.py::test_what_a_failed_job_wrote_may_be_kept_and_is_made_again",
    "engines/test_slurm.py",
    "engines/test_snakemake.py::test_snakemake_has_the_same_jobs[kinds",
    "engines/test_snakemake.py::test_snakemake_has_the_same_jobs[nonrect",
    "engines/test_snakemake_object.py",
    "engines/test_software.py::test_kernels_that_are_there_or_that_nobody_knows_of_are_no_fault",
    "engines/test_state_edits.py::test_a_run_after_edits_does_what_has_to_be_done[102-2",
    "engines/test_state_edits.py::test_a_run_after_edits_does_what_has_to_be_done[300",
    "engines/test_state_edits.py::test_a_run_after_edits_does_what_has_to_be_done[301",
    "engines/test_state_edits.py::test_a_run_after_edits_does_what_has_to_be_done[600",
    "engines/test_state_faults.py",
    "engines/test_together.py",
    "engines/test_told.py::test_an_input_that_changed_while_a_job_read_it_is_told",
    "engines/test_told.py::test_an_output_that_is_not_as_promised_is_named[{sha256",
    "engines/test_told.py::test_directories_of_many_outputs_are_counted_by_one_function",
    "engines/test_told.py::test_no_script_passes_its_criteria_by[-O2",
    "engines/test_tool_versions.py",
    "engines/test_value_outputs.py",
    "engines/test_values_of_some.py",
    "engines/test_what_runs.py::test_what_else_lies_with_the_state_is_left_alone",
    "engines/test_what_runs.py::test_what_jobs_read_beside_their_ports",
    "examples/dna_seq/test_dna_seq.py::test_it_runs_with_doubles",
    "examples/dna_seq/test_dna_seq.py::test_its_snakefile_does_the_same_by_itself",
    "examples/rna_seq/test_rna_seq.py::test_it_runs_with_doubles_of_the_tools",
    "examples/test_templates.py::test_a_template_runs[grid]",
    "exchange/test_round_trip.py::test_a_broken_spec_is_told_and_never_breaks",
    "exchange/test_round_trip.py::test_a_module_comes_back_without_its_annotations",
    "exchange/test_round_trip.py::test_every_field_comes_back",
    "fuzz/test_fuzz.py",
    "mutants/test_mutants.py",
    "properties/test_digests.py::test_a_spec_does_not_differ_from_itself",
    "properties/test_digests.py::test_diff_agrees_with_digests",
    "properties/test_lowered.py::test_the_jobs_of_the_lowered_model_of_other_specs",
    "properties/test_random_pipelines.py::test_bash_runs_random_specs[20000-20006",
    "properties/test_random_pipelines.py::test_snakemake_runs_random_specs[20000",
    "properties/test_random_pipelines.py::test_snakemake_runs_random_specs[20000-20008-1",
    "properties/test_random_pipelines.py::test_snakemake_runs_random_specs[20000-20008-2",
    "properties/test_random_pipelines.py::test_the_jobs_of_random_specs[20040",
    "properties/test_random_pipelines.py::test_the_jobs_of_random_specs[20060",
    "properties/test_random_pipelines.py::test_the_jobs_of_random_specs[20080",
    "properties/test_random_pipelines.py::test_the_jobs_of_random_specs[20100",
    "properties/test_specs.py::test_what_is_rare_is_likely[nested",
    "shell/test_plain.py::test_plain_scripts",
    "shell/test_scripts.py::test_targets_have_the_same_scripts[0",
    "starrynight/test_cellprofiler.py::test_the_library_ends_what_has_failed_and_stays",
    "starrynight/test_commands.py",
    "starrynight/test_image.py",
    "starrynight/test_known_faults.py::test_an_empty_result_does_not_count_as_done",
    "starrynight/test_pipelines.py::test_a_new_plate_runs_its_own_jobs",
    "starrynight/test_pipelines.py::test_a_realistic_index_makes_a_short_snakefile",
    "starrynight/test_pipelines.py::test_each_assay_runs",
    "starrynight/test_pipelines.py::test_images_may_lie_elsewhere",
    "starrynight/test_pipelines.py::test_load_data_can_range_over_units_too",
    "starrynight/test_pipelines.py::test_memory_and_time_are_estimates_that_can_be_scaled",
    "starrynight/test_pipelines.py::test_more_cycles_than_the_tool_knows_are_told",
    "starrynight/test_pipelines.py::test_nuclei_of_the_sequencing_may_have_a_name_of_their_own",
    "starrynight/test_pipelines.py::test_one_job_for_all_runs_too",
    "starrynight/test_pipelines.py::test_pcp_generic_runs",
    "starrynight/test_pipelines.py::test_pcp_stitchcrop_runs",
    "starrynight/test_pipelines.py::test_the_image_is_one_parameter",
    "starrynight/test_pipelines.py::test_the_library_is_used_from_a_project",
    "starrynight/test_python.py::test_a_module_is_compiled_and_its_snakefile_run_by_hand",
    "starrynight/test_python.py::test_an_unknown_channel_is_refused_with_the_channels_there",
    "starrynight/test_python.py::test_the_newer_notebooks_backend",
    "starrynight/test_python.py::test_the_notebook_runs",
    "starrynight/test_real.py",
    "starrynight/test_real_pipelines.py",
    "telemetry/test_plugin.py",
    "telemetry/test_telemetry.py::test_a_collector",
    "telemetry/test_telemetry.py::test_a_failed_run_is_an_error",
    "telemetry/test_telemetry.py::test_a_run_as_a_collector_sees_it[http]",
    "telemetry/test_telemetry.py::test_nothing_is_sent_unless_asked",
    "telemetry/test_telemetry.py::test_the_standard_variables_are_enough",
    "test_bounds.py::test_a_parquet_file_has_the_same_limits",
    "test_determinism.py::test_a_second_compile_gives_the_same[tissue]",
    "test_determinism.py::test_seeds_locales_zones_and_folders[snakemake",
    "test_docs.py::test_what_a_page_shows_is_what_happens[CONTRIBUTING.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/coming-from-snakemake.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/inference.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/python.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/runs.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/starrynight.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/targets.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/test-your-pipeline.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/time-memory-disk.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/what-changed.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/what-runs-again.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/language.md",
    "test_docs.py::test_what_a_page_shows_is_what_happens[docs/tutorial.md",
    "test_format.py::test_whatever_was_found_by_fuzzing_keeps_what_it_says",
    "test_lookups.py::test_jobs_stay_what_they_are",
    "test_notebook.py::test_a_failure_is_an_exception_that_tells_of_the_jobs",
    "test_notebook.py::test_a_run_is_ended_truly[cancel",
    "test_path_identity.py::test_files_are_the_same_if_the_system_says_so",
    "test_path_identity.py::test_folders_are_where_the_system_has_them",
    "test_path_identity.py::test_the_longest_keys_run[251",
    "test_path_identity.py::test_the_longest_keys_run[252",
    "test_queries.py::test_tables_by_query_come_in_one_order[order by 2",
    "test_queries.py::test_tables_by_query_come_in_one_order[order by all",
    "test_queries.py::test_tables_by_query_come_in_one_order[order by size]",
    "test_read_back.py::test_every_line_counts[cwl-environment",
    "test_read_back.py::test_every_line_counts[cwl-list_files",
    "test_security.py",
    "test_unknown_keys.py",
    "test_yaml.py::test_json_is_yaml",
)
"""Files of tests, and tests of a file, that take minutes: `make test-long` runs them alone, and so does naming one."""

SLOW = (
    "attacks/", "bench/", "engines/", "exchange/", "fuzz/", "mutants/", "properties/", "starrynight/", "telemetry/",
    "traces/", "examples/", "test_bounds.py", "test_docs.py", "test_notebook.py", "test_package.py",
    "test_path_identity.py", "test_repositories.py", "test_security", "test_serve.py", "test_yaml.py",
)  # fmt: skip
"""Files and folders of tests that start engines, or compile many specs: `--fast` leaves them out, but for `SAMPLE`."""

SAMPLE = ("engines/test_runs.py", "properties/test_encoders.py", "properties/test_oracle.py")
"""Tests of those that are run all the same: what another version of an engine, or of a library, would break."""


def _draw_the_same() -> None:
    """Keep constants of the modules that happen to be loaded out of random values: a test that is the same each time
    would draw others after every change of the code, and after other tests."""
    from hypothesis.internal.conjecture import providers

    # It has no setting for that; a version that has it elsewhere draws as it likes.
    if hasattr(providers, "_get_local_constants") and hasattr(providers, "_local_constants"):
        providers._get_local_constants = lambda: providers._local_constants


_draw_the_same()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--accept` writes what pages and golden trees expect anew; `--long` and `--fast` choose tests."""
    parser.addoption("--accept", action="store_true", help="write expected results anew")
    parser.addoption("--long", action="store_true", help="run the long tests, and only these")
    parser.addoption("--fast", action="store_true", help="run the fast tests only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests, or with `--long` all others; a file that is named is always run."""
    here = Path(__file__).parent
    named = {Path(argument.partition("::")[0]).resolve() for argument in config.args}
    wanted, left = [], []
    for item in items:
        file = item.path.relative_to(here).as_posix()
        is_long = f"{file}::{item.name}".startswith(LONG)
        too_slow = config.getoption("--fast") and file.startswith(SLOW) and file not in SAMPLE
        chosen = (is_long == config.getoption("--long") and not too_slow) or item.path in named
        (wanted if chosen else left).append(item)
    items[:] = wanted
    config.hook.pytest_deselected(items=left)
