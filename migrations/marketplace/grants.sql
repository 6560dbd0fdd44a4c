-- What the app role may do; run again at the end of every migration. {app} is its name.
revoke all on all tables in schema public from {app};
revoke create on schema public from public;
grant usage on schema public to {app};
grant select, insert on all tables in schema public to {app};
grant usage on all sequences in schema public to {app};
revoke insert on business_clock, state_arrow, migration, voucher_counter, cash_entry from {app};
grant update (status, answer), delete on command to {app};
grant update (password_hash, pin_hash, locale, step, active) on app_user to {app};
grant update (valid_until) on role_grant to {app};
grant update (seen_at, revoked_at) on web_session to {app};
grant select, insert, update, delete on sign_in_delay to {app};
grant update (head_name, search_keys, "group", relocation, forest_guard, coop_member, forest_area, phone_kind, show_name)
    on household to {app};
grant update (name, relation, sex, birth_year) on member to {app};
grant update (valid_until) on proxy to {app};
grant update (pin_hash, blocked_at, blocked_reason) on card to {app};
grant update (licence_number) on product to {app};
grant update (valid_until) on price_list to {app};
grant update (state, recipe, intake_on, weighed_at, weighed_by) on package to {app};
grant update (quantity, price_fen, amount_fen, weighed), delete on package_line to {app};
grant update (state, place) on stock_unit to {app};
grant update (state, closed_at, closed_by, expected_fen, counted_fen, reason, second, seal_head) on drawer_day to {app};
grant update (state, hold_until) on sales_order to {app};
grant update (live) on order_line to {app};
grant select, insert, update, delete on pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics to {app};
