-- Reserving walks this index: first expired first.
create index stock_unit_to_reserve on stock_unit (offer, place, best_before, id) where state = 'on_hand';
create index stock_movement_by_package on stock_movement (package, id);

create function stock_unit_keeps_package() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or (old.id, old.package, old.offer, old.village, old."group", old.packed_on, old.best_before, old.sell_by)
       is distinct from (new.id, new.package, new.offer, new.village, new."group", new.packed_on, new.best_before, new.sell_by) then
        raise exception 'a stock unit only moves' using errcode = '23514', constraint = 'stock_unit_keeps_package';
    end if;
    return new;
end $$;
create trigger stock_unit_keeps_package before update or delete on stock_unit
    for each row execute function stock_unit_keeps_package();

-- Only a package that was accepted stands in stock.
create function stock_unit_is_accepted() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from acceptance a where a.package = new.package and a.village = new.village) then
        raise exception 'not accepted' using errcode = '23514', constraint = 'stock_unit_is_accepted';
    end if;
    return new;
end $$;
create trigger stock_unit_is_accepted before insert on stock_unit
    for each row execute function stock_unit_is_accepted();

-- It stands under its household's village and group, in an offer of that village.
create function stock_unit_of_household() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (
        select 1 from package p join household h on h.id = p.household join offer o on o.id = new.offer
        where p.id = new.package and h.village = new.village and h."group" = new."group" and o.village = new.village
    ) then
        raise exception 'not of that village and group' using errcode = '23514', constraint = 'stock_unit_village';
    end if;
    return new;
end $$;
create trigger stock_unit_village before insert on stock_unit
    for each row execute function stock_unit_of_household();

-- The offer says what is in the package: "EGG:30;SOY:4000", the largest amount first, then by code.
create function package_contents(of_package uuid) returns text
language sql stable set search_path = public as $$
    select string_agg(p.code || ':' || l.quantity, ';' order by l.amount_fen desc, p.code collate "C")
    from package_line l join product p on p.id = l.product where l.package = of_package
$$;

create function stock_unit_of_its_contents() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if (select contents from offer where id = new.offer) is distinct from package_contents(new.package) then
        raise exception 'the offer promises something else' using errcode = '23514', constraint = 'stock_unit_contents';
    end if;
    return new;
end $$;
create trigger stock_unit_contents before insert on stock_unit
    for each row execute function stock_unit_of_its_contents();

-- A package goes once. At commit the last movement and the unit's state say the same, seen from both.
create unique index stock_movement_gone_once on stock_movement (package)
    where kind in ('handed_over', 'sold', 'spoiled', 'lost', 'written_off', 'reversed');

create function stock_movement_agrees() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if (select state from stock_unit where package = new.package)
       is distinct from (case new.kind when 'sold' then 'handed_over' else new.kind end) then
        raise exception 'the unit is not %', new.kind using errcode = '23514', constraint = 'stock_movement_agrees';
    end if;
    if new.kind = 'handed_over' and not exists (
        select 1 from order_line l join sales_order o on o.id = l."order"
        where l.package = new.package and l.live and o.id = new."order" and o.state = 'handed_over'
            and l.price_fen = new.price_fen
    ) then
        raise exception 'handed over without its order' using errcode = '23514', constraint = 'stock_movement_of_order';
    end if;
    return null;
end $$;
create constraint trigger stock_movement_agrees after insert on stock_movement
    deferrable initially deferred for each row
    when (new.kind in ('handed_over', 'sold', 'spoiled', 'lost', 'written_off', 'reversed'))
    execute function stock_movement_agrees();

create function stock_unit_gone_with_movement() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (
        select 1 from stock_movement where package = new.package
            and case kind when 'sold' then 'handed_over' else kind end = new.state
    ) then
        raise exception 'no movement says %', new.state
            using errcode = '23514', constraint = 'stock_unit_gone_with_movement';
    end if;
    return null;
end $$;
create constraint trigger stock_unit_gone_with_movement after update on stock_unit
    deferrable initially deferred for each row
    when (old.state <> new.state and new.state in ('handed_over', 'spoiled', 'lost', 'written_off', 'reversed'))
    execute function stock_unit_gone_with_movement();

-- Chinese search without an extension: single signs and pairs of neighbours, Latin words (pinyin keys, codes).
create function search_tokens(words text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
    tokens text[] := '{}';
    run text;
    at int;
begin
    for run in select (regexp_matches(lower(words), '[a-z0-9]+|[一-鿿㐀-䶿]+', 'g'))[1] loop
        if run ~ '^[a-z0-9]' then
            tokens := tokens || run;
        else
            for at in 1 .. length(run) loop
                tokens := tokens || substr(run, at, 1);
                if at < length(run) then
                    tokens := tokens || substr(run, at, 2);
                end if;
            end loop;
        end if;
    end loop;
    return (select coalesce(array_agg(distinct token), '{}') from unnest(tokens) token);
end $$;

create function search_query(words text) returns tsquery language plpgsql immutable strict parallel safe as $$
declare
    parts text[] := '{}';
    run text;
    at int;
begin
    for run in select (regexp_matches(lower(words), '[a-z0-9]+|[一-鿿㐀-䶿]+', 'g'))[1] loop
        if run ~ '^[a-z0-9]' then
            parts := parts || (quote_literal(run) || ':*');
        elsif length(run) = 1 then
            parts := parts || quote_literal(run);
        else
            for at in 1 .. length(run) - 1 loop
                parts := parts || quote_literal(substr(run, at, 2));
            end loop;
        end if;
    end loop;
    return case when parts = '{}' then null else to_tsquery('simple', array_to_string(parts, ' & ')) end;
end $$;

alter table offer add column search tsvector
    generated always as (array_to_tsvector(search_tokens(search_text))) stored;
create index offer_search on offer using gin (search);
