-- Row-level security (P25). Settings are transaction-local; unset means no rows. Not FORCEd: the owner migrates.
create function scope_villages() returns uuid[] language sql stable as
$$ select coalesce(nullif(current_setting('app.villages', true), ''), '{}')::uuid[] $$;
create function scope_places() returns uuid[] language sql stable as
$$ select coalesce(nullif(current_setting('app.places', true), ''), '{}')::uuid[] $$;
create function scope_household() returns uuid language sql stable as
$$ select nullif(current_setting('app.household', true), '')::uuid $$;
create function scope_customer() returns uuid language sql stable as
$$ select nullif(current_setting('app.customer', true), '')::uuid $$;
create function scope_actor() returns uuid language sql stable as
$$ select nullif(current_setting('app.actor', true), '')::uuid $$;
create function scope_role() returns text language sql stable as
$$ select coalesce(current_setting('app.role', true), '') $$;

do $$
declare
    name text;
begin
    -- Rows that belong to a household: its village's staff, or the household itself.
    foreach name in array array['member', 'household_status', 'proxy', 'card', 'income_entry', 'package', 'payout',
                                'acceptance'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy in_scope on %I using (village = any (scope_villages()) or household = scope_household())',
                       name);
    end loop;
    -- Rows of a village that no household reads.
    foreach name in array array['kin_link', 'resident', 'reversal'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy in_scope on %I using (village = any (scope_villages()))', name);
    end loop;
    -- Parts of a package: whoever sees the package.
    foreach name in array array['package_line', 'inspection', 'send_back'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy in_scope on %I using (village = any (scope_villages()) '
                       'or (scope_household() is not null and exists (select 1 from package p where p.id = package)))', name);
    end loop;
end $$;

alter table household enable row level security;
create policy in_scope on household using (village = any (scope_villages()) or id = scope_household());

-- Orders: the customer, the place of pick-up, and the house's own jobs (role system).
alter table sales_order enable row level security;
create policy in_scope on sales_order using (
    customer = scope_customer() or place = any (scope_places()) or scope_role() = 'system');
do $$
declare
    name text;
begin
    foreach name in array array['order_line', 'order_event', 'handover'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy in_scope on %I using (exists (select 1 from sales_order o where o.id = %I."order"))',
                       name, name);
    end loop;
end $$;
alter table payment enable row level security;
create policy in_scope on payment using (
    place = any (scope_places()) or exists (select 1 from sales_order o where o.id = payable));

-- Customers are seen by themselves, by the place that hands over to them, and at sign-in.
alter table app_user enable row level security;
create policy in_scope on app_user using (
    kind = 'staff' or id = scope_actor() or scope_role() = 'system'
    or exists (select 1 from sales_order o where o.customer = app_user.id));

-- A card is looked up before anybody is known: by its whole code only.
create function card_for_sign_in(given text) returns table (card uuid, household uuid, village uuid, pin_hash text)
language sql stable security definer set search_path = public as
$$ select id, household, village, pin_hash from card where code = given and blocked_at is null $$;
create unique index card_one_open_a_household on card (household) where blocked_at is null;
