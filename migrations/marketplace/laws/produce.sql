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
