-- States move only along arrows (P11). An arrow from '' is a birth.
create table state_arrow (
    machine text not null,
    from_state text not null,
    to_state text not null,
    primary key (machine, from_state, to_state)
);
insert into state_arrow values
    ('package', '', 'draft'),
    ('package', 'draft', 'weighed'), ('package', 'draft', 'withdrawn'), ('package', 'draft', 'sent_back'),
    ('package', 'weighed', 'inspected'), ('package', 'weighed', 'sent_back'),
    ('package', 'inspected', 'weighed'), ('package', 'inspected', 'paid'), ('package', 'inspected', 'sent_back'),
    ('package', 'paid', 'reversed'),
    ('stock_unit', '', 'on_hand'),
    ('stock_unit', 'on_hand', 'held'), ('stock_unit', 'held', 'on_hand'), ('stock_unit', 'held', 'handed_over'),
    ('stock_unit', 'on_hand', 'handed_over'), ('stock_unit', 'on_hand', 'under_way'),
    ('stock_unit', 'under_way', 'on_hand'), ('stock_unit', 'on_hand', 'spoiled'), ('stock_unit', 'on_hand', 'written_off'),
    ('stock_unit', 'on_hand', 'lost'), ('stock_unit', 'under_way', 'lost'), ('stock_unit', 'on_hand', 'reversed'),
    ('sales_order', '', 'held'),
    ('sales_order', 'held', 'placed'), ('sales_order', 'held', 'cancelled'), ('sales_order', 'held', 'expired'),
    ('sales_order', 'placed', 'paid'), ('sales_order', 'placed', 'cancelled'), ('sales_order', 'placed', 'expired'),
    ('sales_order', 'paid', 'handed_over'),
    ('drawer_day', '', 'open'), ('drawer_day', 'open', 'closed');

create function moves_along_arrow() returns trigger language plpgsql security definer set search_path = public as $$
declare
    before text := case tg_op when 'INSERT' then '' else to_jsonb(old) ->> 'state' end;
    after text := to_jsonb(new) ->> 'state';
begin
    if before is distinct from after and not exists (
        select 1 from state_arrow where machine = tg_table_name and from_state = before and to_state = after
    ) then
        raise exception 'no arrow from "%" to "%" for %', before, after, tg_table_name
            using errcode = '23514', constraint = tg_table_name || '_arrow';
    end if;
    return new;
end $$;

create trigger package_arrow before insert or update on package
    for each row execute function moves_along_arrow();
create trigger stock_unit_arrow before insert or update on stock_unit
    for each row execute function moves_along_arrow();
create trigger sales_order_arrow before insert or update on sales_order
    for each row execute function moves_along_arrow();
create trigger drawer_day_arrow before insert or update on drawer_day
    for each row execute function moves_along_arrow();
