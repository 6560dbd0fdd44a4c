"""Users, role grants, sessions. Times here are of the real clock, not of the business clock (P28)."""

from __future__ import annotations

from piccolo.constraints import Check
from piccolo.table import Table

from marketplace.columns import calendar_day, flag, key, loose, moment, octets, reference, text, whole


class User(Table, tablename="app_user"):
    """Somebody who signs in: staff by login name, customers by phone or e-mail (sealed, found by blind index)."""

    id = key()
    kind = text()
    name = text()
    login = text(null=True, unique=True)
    contact_index = octets(null=True, unique=True)
    contact_sealed = octets(null=True)
    contact_mask = text(null=True)
    password_hash = text(null=True)
    pin_hash = text(null=True)
    locale = text(null=True)
    step = whole(null=True)
    active = flag()
    created_at = moment()

    app_user_kind_known = Check("kind in ('staff', 'customer')")
    app_user_staff_by_login = Check("(kind = 'staff') = (login is not null)")
    app_user_customer_by_contact = Check(
        "(kind = 'customer') = (num_nonnulls(contact_index, contact_sealed, contact_mask) = 3)"
    )
    app_user_step_known = Check("step is null or step in (17, 20, 24)")


class RoleGrant(Table, tablename="role_grant"):
    """One role of one person with its scope and term."""

    id = key()
    user = reference(User)
    role = text()
    scope_kind = text()
    scope = loose(null=True)
    valid_from = calendar_day()
    valid_until = calendar_day(null=True)
    granted_by = loose(null=True)

    role_grant_scope_known = Check(
        "scope_kind in ('village', 'group', 'place', 'company', 'town', 'county', 'own', 'system')"
    )
    role_grant_scope_given = Check("(scope_kind in ('village', 'group', 'place')) = (scope is not null)")
    role_grant_term_runs_forward = Check("valid_until is null or valid_until >= valid_from")


class WebSession(Table, tablename="web_session"):
    """A signed-in browser. Only the sha256 of its token is kept; revoked is revoked."""

    id = key()
    token_hash = octets(unique=True)
    user = reference(User, null=True)  # null: a household's card is signed in
    card = loose(null=True)
    household = loose(null=True)
    village = loose(null=True)
    acting = reference(RoleGrant, null=True)  # null: not chosen yet, or nothing to choose
    created_at = moment()
    seen_at = moment()
    expires_at = moment()
    revoked_at = moment(null=True)

    web_session_one_principal = Check('num_nonnulls("user", card) = 1')
    web_session_card_is_whole = Check("num_nonnulls(card, household, village) in (0, 3)")
    web_session_acting_is_a_users = Check('acting is null or "user" is not null')
    web_session_token_is_sha256 = Check("octet_length(token_hash) = 32")
