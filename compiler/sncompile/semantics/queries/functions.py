"""Which functions of DuckDB give the same each time, and which of them need an order of the rows for that.

DuckDB's own word does not serve: it calls `version`, `any_value` and `age` of one date consistent, and calls `+` less
than that, as one of its overloads looks at the time zone. So each name is judged here. A name that is not here is
refused; `tests/test_queries.py` looks that none of the installed version is missing.

Decision 0043.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VALUES = _names(
    """
    ! != !__postfix !~~ !~~* % & && * ** + - ->> / // < <-> << <= <=> <@ = > >= >> @ @> ^ ^@ | || ~ ~~ ~~* ~~~ abs
    acos acosh add age aggregate alias apply array_aggr array_aggregate array_append array_apply array_cat
    array_concat array_contains array_cosine_distance array_cosine_similarity array_cross_product array_distance
    array_distinct array_dot_product array_extract array_filter array_grade_up array_has array_has_all array_has_any
    array_indexof array_inner_product array_intersect array_length array_negative_dot_product
    array_negative_inner_product array_pop_back array_pop_front array_position array_prepend array_push_back
    array_push_front array_reduce array_resize array_reverse array_reverse_sort array_select array_slice array_sort
    array_to_json array_to_string array_to_string_comma_default array_transform array_unique array_value array_where
    array_zip ascii asin asinh assert_true atan atan2 atanh bar base64 bin binom bit_count bit_length bit_position
    bitstring can_cast_implicitly cardinality cast_to_type cbrt ceil ceiling century char_length character_length
    chr concat concat_ws constant_or_null contains cos cosh cot damerau_levenshtein date_add date_diff date_part
    date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month
    decade decimal_division decode degrees divide editdist3 element_at encode ends_with enum_code enum_first
    enum_last enum_range enum_range_boundary epoch epoch_ms epoch_ns epoch_us equi_width_bins era error even exp
    factorial fdiv filter flatten floor fmod format format_bytes format_type formatreadabledecimalsize
    formatreadablesize from_base64 from_binary from_hex from_json from_json_strict gamma gcd generate_series
    generate_subscripts get_bit get_type grade_up greatest greatest_common_divisor grouping grouping_id hamming hex
    hive_partition_component hour icu_sort_key if ifnull ilike_escape instr invoke is_histogram_other_bin isfinite
    isinf isnan isodow isoyear jaccard jaro_similarity jaro_winkler_similarity json json_array json_array_length
    json_contains json_deep_merge json_exists json_extract json_extract_path json_extract_path_text
    json_extract_string json_insert json_keys json_merge_patch json_merge_patch_diff json_normalize json_object
    json_pretty json_quote json_remove json_replace json_set json_strip_nulls json_structure json_transform
    json_transform_strict json_type json_valid json_value julian last_day lcase lcm least least_common_multiple left
    left_grapheme len length length_grapheme levenshtein lgamma like_escape list_aggr list_aggregate list_any_value
    list_append list_apply list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor list_bool_and
    list_bool_or list_cat list_concat list_contains list_cosine_distance list_cosine_similarity list_count
    list_distance list_distinct list_dot_product list_element list_entropy list_extract list_filter list_first
    list_grade_up list_has list_has_all list_has_any list_histogram list_indexof list_inner_product list_intersect
    list_kurtosis list_kurtosis_pop list_last list_mad list_max list_median list_min list_mode
    list_negative_dot_product list_negative_inner_product list_pack list_position list_prepend list_product
    list_reduce list_resize list_reverse list_reverse_sort list_select list_sem list_skewness list_slice list_sort
    list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform list_unique list_value list_var_pop
    list_var_samp list_where list_zip ln log log10 log2 lower lpad ltrim make_date make_time make_timestamp
    make_timestamp_ms make_timestamp_ns make_timestamptz make_type map map_concat map_contains map_contains_entry
    map_contains_value map_entries map_extract map_extract_value map_from_entries map_keys map_values md5 md5_number
    md5_number_lower md5_number_upper microsecond millennium millisecond minute mismatches mod month monthname
    multiply nanosecond nextafter nfc_normalize normalized_interval not_ilike_escape not_like_escape nullif
    octet_length ord overlay parse_dirname parse_dirpath parse_filename parse_formatted_bytes parse_path path_join
    pg_size_pretty pg_typeof pi position pow power prefix printf quarter radians range reduce regexp_escape
    regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array
    regexp_split_to_table remap_struct repeat replace replace_type reverse right right_grapheme round round_even
    roundbankers row row_to_json rpad rtrim second set_bit sha1 sha256 sign signbit sin sinh split split_part sqrt
    st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_crs st_geomfromgeojson st_geomfromwkb
    st_intersects_extent st_setcrs starts_with str_split str_split_regex strftime string_split string_split_regex
    string_to_array strip_accents strlen strpos strptime struct_concat struct_contains struct_extract
    struct_extract_at struct_has struct_indexof struct_insert struct_keys struct_pack struct_position struct_update
    struct_values substr substring substring_grapheme subtract suffix switch tan tanh time_bucket timezone
    timezone_hour timezone_minute to_base to_base64 to_binary to_centuries to_days to_decades to_hex to_hours
    to_json to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp
    to_weeks to_years translate trim trunc try try_strptime typeof ucase unbin unhex unicode union_extract union_tag
    union_value unnest unpivot_list upper url_decode url_encode uuid_extract_timestamp uuid_extract_version
    variant_array_length variant_contains variant_exists variant_extract variant_extract_string variant_keys
    variant_normalize variant_type variant_typeof vertex_extract week weekday weekofyear xor year yearweek
    """
)
"""Functions of single values whose result follows from what they are given. The session's time zone is fixed."""

AGGREGATES = _names(
    """
    approx_count_distinct avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or corr count count_if count_star
    countif covar_pop covar_samp decimal_average entropy favg fsum geomean geometric_mean histogram histogram_exact
    kahan_sum kurtosis kurtosis_pop mad max mean median min product quantile quantile_cont quantile_disc regr_avgx
    regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop
    stddev_samp sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg
    """
)
"""Aggregates whose result is the same for rows in any order; sums are rounded alike, as a session has one thread."""

_RANKS = frozenset(("rank", "dense_rank", "rank_dense", "percent_rank", "cume_dist"))

STEADY = _VALUES | AGGREGATES | _RANKS
"""Functions that give the same each time, in a window too."""

_LISTS = "write `{name}(x order by y)`"
_ONE = "write `min(x)` or `max(x)`, or say an order: `{name}(x order by y)`"
_OF_MOST = "say an order: `{name}(x, y order by x)` takes the first of several"
_JSON = "write `to_json(list(x order by y))`"

BY_ORDER = {
    **dict.fromkeys(("list", "array_agg", "string_agg", "group_concat", "listagg"), _LISTS),
    **dict.fromkeys(("any_value", "arbitrary", "first", "last"), _ONE),
    **dict.fromkeys(("arg_max", "argmax", "max_by", "arg_max_null", "arg_max_nulls_last"), _OF_MOST),
    **dict.fromkeys(("arg_min", "argmin", "min_by", "arg_min_null", "arg_min_nulls_last"), _OF_MOST),
    "mode": "say an order: `mode(x order by x)` takes the first of those that are as frequent",
    "approx_quantile": "write `quantile_cont(x, 0.5)`",
    "approx_top_k": "count the rows of each (`group by`), and take the first: `order by … limit`",
    "lttb": "say an order: `lttb(x, y, n order by x, y)`",
    "json_group_array": _JSON,
    "variant_group_array": "write `list(x order by y)`",
    "json_group_structure": "write `json_structure(…)` of one value",
    "json_group_object": "write `to_json(map(list(k order by k), list(v order by k)))`",
    "variant_group_object": "write `map(list(k order by k), list(v order by k))`",
}
"""Aggregates whose result depends on the order of the rows, and how to say one."""

WINDOWS_BY_ORDER = frozenset(("row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value", "fill"))
"""Functions of a window that tell rows apart, also those that are equal in what the window is ordered by."""

UNSTEADY = _names(
    """
    ago current_connection_id current_date current_localtime current_localtimestamp current_query_id current_time
    current_timestamp current_transaction_id currval gen_random_uuid get_current_time get_current_timestamp
    localtime localtimestamp nextval now random reservoir_quantile setseed setval today transaction_timestamp
    txid_current uuid uuidv4 uuidv7

    col_description current_catalog current_database current_query current_role current_schema current_schemas
    current_setting current_user get_block_size hash getenv getvariable in_search_path inet_client_addr inet_client_port
    inet_server_addr inet_server_port obj_description session_user shobj_description sleep_ms stats user vector_type
    version write_log
    """
)
"""Functions that give what the clock, chance or the machine have, or that do something."""

ON_THE_CLOCK = frozenset((("age", 1),))
"""Functions that are steady otherwise, but look at the clock when they are given so many arguments."""

BY_NAME = frozenset(("list_aggr", "list_aggregate", "array_aggr", "array_aggregate", "aggregate"))
"""Functions that are given the name of another."""

WITHOUT_PARENTHESES = {
    "current_catalog": "current_catalog",
    "current_date": "current_date",
    "current_role": "current_role",
    "current_schema": "current_schema",
    "current_time": "get_current_time",
    "current_timestamp": "get_current_timestamp",
    "current_user": "current_user",
    "localtime": "current_localtime",
    "localtimestamp": "current_localtimestamp",
    "session_user": "session_user",
    "user": "user",
}
"""Names that DuckDB takes for a function where no column is called so, and for which one."""
