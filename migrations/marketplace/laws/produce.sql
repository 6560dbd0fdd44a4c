-- Two purchase price lists are never in force on one day.
alter table price_list add constraint price_list_no_overlap
    exclude using gist (daterange(valid_from, valid_until, '[]') with &&);

-- The parts of a retail price add up to it, and one of them is the household's hundred.
create function retail_price_adds_up() returns trigger language plpgsql security definer set search_path = public as $$
declare
    price uuid := case tg_table_name when 'retail_price' then new.id else (to_jsonb(new) ->> 'retail_price')::uuid end;
begin
    if (select total_fen from retail_price where id = price)
       is distinct from (select sum(amount_fen) from price_part where retail_price = price)
       or not exists (select 1 from price_part where retail_price = price and part = 'household') then
        raise exception 'parts of retail price % do not add up', price
            using errcode = '23514', constraint = 'retail_price_adds_up';
    end if;
    return null;
end $$;
create constraint trigger retail_price_adds_up after insert on retail_price
    deferrable initially deferred for each row execute function retail_price_adds_up();
create constraint trigger price_part_adds_up after insert on price_part
    deferrable initially deferred for each row execute function retail_price_adds_up();

-- What a good costs on a day: fen a piece or a kilogram; null without a list that names it.
create function list_price(of_product uuid, on_day date) returns bigint
language sql stable set search_path = public as $$
    select l.price_fen from price_list p join price_line l on l.price_list = p.id
    where l.product = of_product and on_day between p.valid_from and coalesce(p.valid_until, 'infinity')
$$;

-- A line is written at the list's price, of today or of the day on which its package was drafted.
create function package_line_at_list_price() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if (tg_op = 'INSERT' or (new.product, new.price_fen) is distinct from (old.product, old.price_fen))
       and (new.price_fen in (list_price(new.product, business_today()), list_price(new.product, (
            select (drafted_at at time zone 'Asia/Shanghai')::date from package where id = new.package)))) is not true then
        raise exception 'no list says %', new.price_fen using errcode = '23514', constraint = 'package_line_at_list_price';
    end if;
    return new;
end $$;
create trigger package_line_at_list_price before insert or update on package_line
    for each row execute function package_line_at_list_price();

-- A package passes at the prices of the day on which it was weighed.
create function package_at_list_prices() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.state = 'inspected' and old.state <> 'inspected' and exists (
        select 1 from package_line l where l.package = new.id and l.price_fen is distinct from
            list_price(l.product, (new.weighed_at at time zone 'Asia/Shanghai')::date)
    ) then
        raise exception 'not at that day''s prices' using errcode = '23514', constraint = 'package_at_list_prices';
    end if;
    return new;
end $$;
create trigger package_at_list_prices before update on package
    for each row execute function package_at_list_prices();
