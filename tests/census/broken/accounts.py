"""The laws of users, role grants and sessions, broken."""

from __future__ import annotations

from tests.census.breaks import check, unique, uniques

BREAKS = (
    *uniques(
        "app_user_pkey", "app_user_login_key", "role_grant_pkey", "web_session_pkey", "web_session_token_hash_key",
        "sign_in_delay_pkey",
    ),
    unique("app_user_contact_index_key", of="customer"),
    check("app_user_kind_known", "app_user", of="clerk", kind="robot"),
    check("app_user_staff_by_login", "app_user", of="clerk", login=None),
    check("app_user_customer_by_contact", "app_user", of="customer", contact_mask=None),
    check("app_user_step_known", "app_user", of="clerk", step=18),
    check("role_grant_scope_known", "role_grant", scope_kind="moon", scope=None),
    check("role_grant_scope_given", "role_grant", of="acting", scope=None),
    check("role_grant_term_runs_forward", "role_grant", valid_from="2018-11-21", valid_until="2018-11-20"),
    check("web_session_one_principal", "web_session", user=None, acting=None),
    check("web_session_card_is_whole", "web_session", of="card_session", village=None),
    check("web_session_acting_is_a_users", "web_session", of="card_session", acting=":acting"),
    check("web_session_token_is_sha256", "web_session", token_hash="\\x01"),
    check("sign_in_delay_failures_counted", "sign_in_delay", failures=-1),
)  # fmt: skip
