-- A package is exactly one hundred yuan from its inspection on; its lines change only before.
create function package_line_while_open() returns trigger language plpgsql security definer set search_path = public as $$
declare
    of_package uuid := case tg_op when 'DELETE' then old.package else new.package end;
    found record;
begin
    select state, village into found from package where id = of_package for no key update;
    if found.state not in ('draft', 'weighed') then
        raise exception 'the package is %', found.state using errcode = '23514', constraint = 'package_line_while_open';
    end if;
    if tg_op <> 'DELETE' and new.village <> found.village then
        raise exception 'line of another village' using errcode = '23514', constraint = 'package_line_village';
    end if;
    return coalesce(new, old);
end $$;
create trigger package_line_while_open before insert or update or delete on package_line
    for each row execute function package_line_while_open();

-- amount = quantity × price: pieces at fen a piece, grams at fen a kilogram; no fraction of a fen.
create function package_line_amount() returns trigger language plpgsql security definer set search_path = public as $$
declare
    good record;
begin
    select unit, step into good from product where id = new.product;
    if new.quantity % good.step <> 0
       or (good.unit = 'piece' and new.amount_fen <> new.quantity::bigint * new.price_fen)
       or (good.unit = 'gram' and new.amount_fen * 1000 <> new.quantity::bigint * new.price_fen) then
        raise exception 'amount is not quantity times price'
            using errcode = '23514', constraint = 'package_line_amount';
    end if;
    return new;
end $$;
create trigger package_line_amount before insert or update on package_line
    for each row execute function package_line_amount();

-- What lay on the scale: pieces exactly, grams none short and at most 1 % over; known of every line once weighed.
create function package_line_weighed() returns trigger language plpgsql security definer set search_path = public as $$
declare
    most bigint := case when (select unit from product where id = new.product) = 'piece'
                        then new.quantity else new.quantity::bigint * 101 / 100 end;
begin
    if not coalesce(new.weighed between new.quantity and most,
                    (select state from package where id = new.package) = 'draft') then
        raise exception 'not what lay on the scale' using errcode = '23514', constraint = 'package_line_weighed';
    end if;
    return new;
end $$;
create trigger package_line_weighed before insert or update on package_line
    for each row execute function package_line_weighed();

create function package_is_weighed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.state in ('weighed', 'inspected') and exists (
        select 1 from package_line where package = new.id and weighed is null
    ) then
        raise exception 'a line is not weighed' using errcode = '23514', constraint = 'package_is_weighed';
    end if;
    return new;
end $$;
create trigger package_is_weighed before update on package for each row execute function package_is_weighed();

create function package_is_hundred() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.state = 'inspected' and old.state <> 'inspected'
       and (select coalesce(sum(amount_fen), 0) from package_line where package = new.id) <> 10000 then
        raise exception 'a package is exactly 100.00' using errcode = '23514', constraint = 'package_is_hundred';
    end if;
    if (old.id, old.code, old.household, old.village) is distinct from (new.id, new.code, new.household, new.village) then
        raise exception 'a package keeps its household' using errcode = '23514', constraint = 'package_keeps_household';
    end if;
    return new;
end $$;
create trigger package_is_hundred before update on package for each row execute function package_is_hundred();

create function package_stays() returns trigger language plpgsql as $$
begin
    raise exception 'a package stays' using errcode = '23514', constraint = 'package_stays';
end $$;
create trigger package_stays before delete on package for each row execute function package_stays();
create index package_by_state on package (village, state, intake_on);
