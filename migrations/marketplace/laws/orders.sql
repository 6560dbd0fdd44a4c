-- A package is sold once (P7); an order is captured once (P10); its total is the sum of its lines (P9).
create unique index order_line_sold_once on order_line (package) where live;
create unique index payment_captured_once on payment (payable) where state = 'captured';
create index order_line_by_order on order_line ("order");
create unique index sales_order_pickup_code on sales_order (place, pickup_code) where state in ('held', 'placed', 'paid');

create function order_total_is_sum() returns trigger language plpgsql security definer set search_path = public as $$
declare
    of_order uuid := case tg_table_name when 'sales_order' then new.id else (to_jsonb(new) ->> 'order')::uuid end;
begin
    if (select total_fen from sales_order where id = of_order)
       is distinct from (select sum(price_fen) from order_line where "order" = of_order) then
        raise exception 'the total is not the sum of the lines'
            using errcode = '23514', constraint = 'sales_order_total_is_sum';
    end if;
    return null;
end $$;
create constraint trigger sales_order_total_is_sum after insert or update on sales_order
    deferrable initially deferred for each row execute function order_total_is_sum();
create constraint trigger order_line_total_is_sum after insert on order_line
    deferrable initially deferred for each row execute function order_total_is_sum();

-- A line sells a package under the offer in which it stands.
create function order_line_of_its_offer() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from stock_unit u where u.package = new.package and u.offer = new.offer) then
        raise exception 'the package stands in another offer' using errcode = '23514', constraint = 'order_line_offer';
    end if;
    return new;
end $$;
create trigger order_line_offer before insert on order_line
    for each row execute function order_line_of_its_offer();

-- Lines keep what they are; a line is given back once, and only with its order.
create function order_line_given_back() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if (old.id, old."order", old.package, old.offer, old.price_fen)
       is distinct from (new.id, new."order", new.package, new.offer, new.price_fen)
       or new.live
       or not exists (select 1 from sales_order o where o.id = new."order" and o.state in ('cancelled', 'expired')) then
        raise exception 'a line ends with its order' using errcode = '23514', constraint = 'order_line_given_back';
    end if;
    return new;
end $$;
create trigger order_line_given_back before update on order_line
    for each row execute function order_line_given_back();

-- Paid only with a captured payment of exactly the total; handed over only with a hand-over; given back wholly.
create function order_state_has_cause() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.state = 'paid' and not exists (
        select 1 from payment p where p.payable = new.id and p.state = 'captured' and p.amount_fen = new.total_fen
    ) then
        raise exception 'not paid' using errcode = '23514', constraint = 'sales_order_paid_by_payment';
    end if;
    if new.state = 'handed_over' and not exists (select 1 from handover where "order" = new.id) then
        raise exception 'not handed over' using errcode = '23514', constraint = 'sales_order_handed_over_by_somebody';
    end if;
    if (old.id, old.code, old.customer, old.place, old.pickup_code)
       is distinct from (new.id, new.code, new.customer, new.place, new.pickup_code) then
        raise exception 'an order keeps its buyer' using errcode = '23514', constraint = 'sales_order_keeps_buyer';
    end if;
    return new;
end $$;
create trigger sales_order_state_has_cause before update on sales_order
    for each row execute function order_state_has_cause();

-- Money for an order moves in the ledger by the same amount.
create function payment_moves_money() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from transfer t where t.id = new.transfer and t.unit = 'fen' and t.amount = new.amount_fen
                   and t.reference = new.payable) then
        raise exception 'payment without its transfer' using errcode = '23514', constraint = 'payment_moves_money';
    end if;
    return new;
end $$;
create trigger payment_moves_money before insert on payment for each row execute function payment_moves_money();

-- A hand-over happens at the order's place, against the money that was captured for this order.
create function handover_ties() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (
        select 1 from sales_order o join payment p on p.payable = o.id and p.state = 'captured'
        where o.id = new."order" and o.place = new.place and p.id = new.payment
    ) then
        raise exception 'the hand-over is of another order' using errcode = '23514', constraint = 'handover_ties';
    end if;
    return new;
end $$;
create trigger handover_ties before insert on handover for each row execute function handover_ties();

-- A unit in stock agrees with its live line, at commit: held by an open order, handed over with a finished one.
create function stock_agrees_with_order() returns trigger language plpgsql security definer set search_path = public as $$
declare
    of_package uuid := (to_jsonb(new) ->> 'package')::uuid;
    unit text;
    ordered text;
begin
    select state into unit from stock_unit where package = of_package;
    select o.state into ordered from order_line l join sales_order o on o.id = l."order"
        where l.package = of_package and l.live;
    if (ordered in ('held', 'placed', 'paid') and unit is distinct from 'held')
       or (ordered = 'handed_over' and unit is distinct from 'handed_over')
       or (unit = 'held' and ordered is null)
       or ordered in ('cancelled', 'expired') then
        raise exception 'unit is % but its order is %', unit, ordered
            using errcode = '23514', constraint = 'stock_unit_agrees_with_order';
    end if;
    return null;
end $$;
create constraint trigger stock_unit_agrees_with_order after insert or update on stock_unit
    deferrable initially deferred for each row execute function stock_agrees_with_order();
create constraint trigger order_line_agrees_with_stock after insert or update on order_line
    deferrable initially deferred for each row execute function stock_agrees_with_order();

-- The same seen from the order: where it goes, its packages go, and given back it keeps none.
create function order_agrees_with_stock() returns trigger language plpgsql security definer set search_path = public as $$
declare
    ordered text := (select state from sales_order where id = new.id);
begin
    if exists (
        select 1 from order_line l left join stock_unit u on u.package = l.package where l."order" = new.id and l.live
            and (ordered in ('cancelled', 'expired')
                 or u.state is distinct from case ordered when 'handed_over' then 'handed_over' else 'held' end)
    ) then
        raise exception 'the order is % but its units are not', ordered
            using errcode = '23514', constraint = 'stock_unit_agrees_with_order';
    end if;
    return null;
end $$;
create constraint trigger sales_order_agrees_with_stock after update on sales_order
    deferrable initially deferred for each row when (old.state is distinct from new.state)
    execute function order_agrees_with_stock();
