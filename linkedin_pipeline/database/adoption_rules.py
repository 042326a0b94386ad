"""What a value of the system of before becomes, where its type alone does not say."""

from __future__ import annotations

from collections.abc import Mapping

CARRIED = [
    "profiles",
    "profile_sync_status",
    "viral_posts_bank",
    "topics",
    "audiences",
    "hook_types",
    "post_structures",
    "content_formats",
    "production_posts",
    "generated_hooks",
    "post_batches",
    "batch_author_configs",
    "post_templates",
    "knowledge",
    "ressources",
    "ressource_types",
    "scheduled_posts",
    "scheduled_post_accounts",
    "published_posts",
    "company_pages",
    "company_auto_post_rules",
    "company_published_posts",
    "unipile_accounts",
    "engagement_settings",
    "engagement_logs",
    "comment_patterns",
    "chat_sessions",
    "chat_messages",
    "user_onboarding",
    "worker_feature_flags_v2",
    "task_execution_logs_v2",
    "ai_usage_logs",
    "ai_errors",
]
"""Tables whose rows come over."""

BEGUN_ANEW: Mapping[str, str] = {
    "ai_model_pricing": "prices are per million tokens and dated here: ours count",
    "embedding_models": "models become known by their vectors",
    "pipeline_requests": "a request of before is not to start a job now",
    "sync_jobs": "readings begin anew",
}
"""Tables of the same name whose rows stay aside, with the reason."""

SEEDED_BY_KEY: Mapping[str, str] = {"worker_feature_flags_v2": "worker_name"}
"""Tables whose rows of ours stay beside theirs; of the same key theirs win.

In every other table that is not empty theirs take the place of what we bring.
"""

_STATE_TABLES = ("scheduled_posts", "company_published_posts", "production_posts")

# {c}: the old value as text.  A value that was there and gives null counts as one that is lost.
CONVERSIONS: Mapping[tuple[str, str], str] = {
    ("profiles", "linkedin_id"): "nullif(btrim(coalesce(substring({c} from '/in/([^/?#]+)'), "
    "{c})), '')",
    ("profiles", "timezone"): "(select z.name from zones z where z.key = lower({c}))",
    ("profiles", "writing_style_embedding"): "pg_temp.usable_vector({c})",
    ("scheduled_posts", "timezone"): "(select z.name from zones z where z.key = lower({c}))",
    ("viral_posts_bank", "metrics"): "pg_temp.metrics({c})",
    ("worker_feature_flags_v2", "worker_name"): "replace({c}, '-', '_')",
    ("unipile_accounts", "provider"): "upper({c})",
    ("task_execution_logs_v2", "status"): "case lower({c}) when 'completed' then 'completed' "
    "when 'success' then 'completed' else 'failed' end",
    ("unipile_accounts", "status"): "case when upper({c}) in ('OK', 'CREDENTIALS', "
    "'DISCONNECTED', 'ERROR', 'PENDING') then upper({c}) else 'ERROR' end",
    # who is being read, or has failed to be described, is read anew; others keep their place
    ("profiles", "sync_status"): "case when {c} in ('completed', 'error') then {c} "
    "else 'pending' end",
}

# Columns that get this, whatever the old table has; {status} and {error} are old values as text.
ALWAYS: Mapping[tuple[str, str], str] = {
    ("profile_sync_status", "next_cursor"): "null::text",
    ("ai_errors", "is_resolved"): "true",
    **{
        (table, "error_message"): "pg_temp.held_reason({status}, "
        "pg_temp.publishing_state({status}), {error})"
        for table in ("scheduled_posts", "company_published_posts")
    },
    **{
        (table, "status"): "pg_temp.publishing_state({status})"
        for table in ("scheduled_posts", "company_published_posts")
    },
    # an account that was never looked at again says what its post says
    ("scheduled_post_accounts", "status"): "case pg_temp.publishing_state({status}) "
    "when 'pending' then pg_temp.publishing_state({plan}) "
    "else pg_temp.publishing_state({status}) end",
    ("scheduled_post_accounts", "error_message"): "case pg_temp.publishing_state({status}) "
    "when 'pending' then pg_temp.held_reason({plan}, pg_temp.publishing_state({plan}), {error}) "
    "else pg_temp.held_reason({status}, pg_temp.publishing_state({status}), {error}) end",
    ("production_posts", "status"): "case when {status} is null then 'draft_input'::{enum} "
    "when {status} in ('publishing', 'unconfirmed') "
    "then 'held'::{enum} else coalesce(pg_temp.converted({status}, null::{enum}), 'held') end",
    ("production_posts", "error_message"): "case when {status} in ('publishing', 'unconfirmed') "
    "or {status} is not null and pg_temp.converted({status}, null::{enum}) is null "
    "then pg_temp.held_reason({status}, 'held', {error}) else {error} end",
}

# Columns that the old table lacks: labels of before were not made by people.
MISSING: Mapping[tuple[str, str], str] = {
    ("viral_posts_bank", name): "'before:unknown'"
    for name in ("hook_type_model", "topic_model", "audience_model")
}

# Once all columns are there: what a required one is made of when it is empty, and what follows.
FILLED: Mapping[tuple[str, str], str] = {
    ("profiles", "full_name"): "coalesce(nullif(btrim(full_name), ''), "
    "nullif(btrim(concat_ws(' ', first_name, last_name)), ''), linkedin_id, "
    "'Unnamed ' || left(id::text, 8))",
    **{
        (table, "name"): "coalesce(name, 'Unnamed ' || left(id::text, 8))"
        for table in ("topics", "audiences", "hook_types", "post_structures", "content_formats")
    },
}

# Written last, from the columns as they come over: the same rules that the triggers keep.
COMPUTED: Mapping[tuple[str, str], str] = {
    **{
        (table, "embedding_model"): "case when embedding is not null then embedding_model end"
        for table in ("viral_posts_bank", "topics", "audiences", "hook_types")
    },
    ("viral_posts_bank", "needs_hook_extraction"): "hook is null",
    ("viral_posts_bank", "needs_embedding"): "embedding is null",
    ("viral_posts_bank", "needs_hook_classification"): "hook is not null and hook_type_id is null",
    ("viral_posts_bank", "needs_topic_classification"): "topic_id is null",
    ("viral_posts_bank", "needs_audience_classification"): "audience_id is null",
    ("viral_posts_bank", "hook_type_model"): "case when hook_type_id is not null "
    "then hook_type_model end",
    ("viral_posts_bank", "topic_model"): "case when topic_id is not null then topic_model end",
    ("viral_posts_bank", "audience_model"): "case when audience_id is not null "
    "then audience_model end",
}

NOTED: Mapping[str, Mapping[str, str]] = {
    **{
        table: {"status::text = 'held'": "outcome unknown: held until a person decides"}
        for table in (*_STATE_TABLES, "scheduled_post_accounts")
    },
    "scheduled_posts": {
        "status = 'held'": "outcome unknown: held until a person decides",
        "status = 'pending' and scheduled_at > now()": "waits to go out: stays so",
        "status = 'pending' and scheduled_at <= now()": "overdue: goes out at once when it is "
        "within PUBLISH_GRACE_SECONDS, else it is missed and never sent",
    },
}
"""What else the plan counts, of columns as they come over."""

STATES_OF: Mapping[str, str] = {
    **dict.fromkeys(_STATE_TABLES, "status"),
    "scheduled_post_accounts": "status",
}
"""Tables whose state says whether a text is to go out, and the column that holds it."""
