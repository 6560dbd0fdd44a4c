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
