-- The cash book (P16): a transfer that touches a drawer needs its open day and becomes a line of its book.
create unique index drawer_day_one_open on drawer_day (drawer) where state = 'open';

-- A drawer is of its place's village, its days are of the drawer's.
create function drawer_of_places_village() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.village is distinct from (select village from place where id = new.place) then
        raise exception 'the drawer stands in another village' using errcode = '23514', constraint = 'drawer_village';
    end if;
    return new;
end $$;
create trigger drawer_village before insert or update on drawer
    for each row execute function drawer_of_places_village();

create function drawer_day_of_drawers_village() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.village is distinct from (select village from drawer where id = new.drawer) then
        raise exception 'the day is of another village' using errcode = '23514', constraint = 'drawer_day_village';
    end if;
    return new;
end $$;
create trigger drawer_day_village before insert or update on drawer_day
    for each row execute function drawer_day_of_drawers_village();

create function book_cash() returns trigger language plpgsql security definer set search_path = public as $$
declare
    d record;
    open_day uuid;
begin
    for d in select id, account from drawer where account in (new.debit, new.credit) loop
        -- Shared with other entries, but a closing (which updates the row) waits for us and we for it.
        select id into open_day from drawer_day where drawer = d.id and state = 'open' for share;
        if open_day is null then
            raise exception 'the drawer is closed' using errcode = '23514', constraint = 'cash_entry_needs_open_day';
        end if;
        insert into cash_entry (drawer_day, transfer, amount_fen)
            values (open_day, new.id, case d.account when new.debit then new.amount else -new.amount end);
    end loop;
    return null;
end $$;
create trigger transfer_books_cash after insert on transfer for each row execute function book_cash();

-- The cash book is written by the trigger above and by nothing else.
create function cash_entry_by_transfer() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'the cash book is written by transfers'
            using errcode = '23514', constraint = 'cash_entry_by_transfer';
    end if;
    return new;
end $$;
create trigger cash_entry_by_transfer before insert on cash_entry
    for each row execute function cash_entry_by_transfer();

-- A day opens at the book balance; it closes at opening + movements, against a count by denomination; closed is closed.
create function drawer_day_ties() returns trigger language plpgsql security definer set search_path = public as $$
declare
    book bigint;
    settled bigint;
begin
    if tg_op = 'INSERT' then
        select a.balance into book from drawer d join ledger_account a on a.id = d.account where d.id = new.drawer;
        if new.opening_fen <> book then
            raise exception 'a day opens with what the book says: %', book
                using errcode = '23514', constraint = 'drawer_day_opens_at_book';
        end if;
        return new;
    end if;
    if old.state = 'closed' then
        raise exception 'a closed day takes nothing' using errcode = '23514', constraint = 'drawer_day_closed_is_closed';
    end if;
    if (old.drawer, old.day, old.opening_fen, old.opened_by, old.opened_at)
       is distinct from (new.drawer, new.day, new.opening_fen, new.opened_by, new.opened_at) then
        raise exception 'the opening stays' using errcode = '23514', constraint = 'drawer_day_opening_stays';
    end if;
    if new.state = 'closed' then
        -- A difference is a movement like any other: without it the book expects, with it the book is what was counted.
        select new.opening_fen + coalesce(sum(e.amount_fen) filter (where t.kind <> 'cash_difference'), 0),
               new.opening_fen + coalesce(sum(e.amount_fen), 0)
            into book, settled from cash_entry e join transfer t on t.id = e.transfer where e.drawer_day = new.id;
        if new.expected_fen <> book then
            raise exception 'the book says %', book using errcode = '23514', constraint = 'drawer_day_expects_book';
        end if;
        if new.counted_fen <> settled then
            raise exception 'the difference is not booked' using errcode = '23514', constraint = 'drawer_day_difference_booked';
        end if;
        if new.counted_fen <> (select coalesce(sum(denomination_fen::bigint * pieces), 0) from cash_count
                               where drawer_day = new.id and occasion = 'closing') then
            raise exception 'counted is not the count' using errcode = '23514', constraint = 'drawer_day_counted_is_count';
        end if;
    end if;
    return new;
end $$;
create trigger drawer_day_ties before insert or update on drawer_day
    for each row execute function drawer_day_ties();

create function drawer_day_stays() returns trigger language plpgsql as $$
begin
    raise exception 'a drawer day stays' using errcode = '23514', constraint = 'drawer_day_stays';
end $$;
create trigger drawer_day_stays before delete on drawer_day for each row execute function drawer_day_stays();

-- The days of a drawer run forward, and none is opened before it is there.
create function drawer_day_runs_forward() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.day > business_today() or new.day < (select max(day) from drawer_day where drawer = new.drawer) then
        raise exception 'the day % is not this drawer''s next', new.day
            using errcode = '23514', constraint = 'drawer_day_runs_forward';
    end if;
    return new;
end $$;
create trigger drawer_day_runs_forward before insert on drawer_day
    for each row execute function drawer_day_runs_forward();

-- At commit cash has moved for a reason that is written down: a payout, a payment, what two persons took back, float
-- from the company's money, a difference at a closing. Nothing else touches a drawer; no such word stands without its row.
create function transfer_has_cause() returns trigger language plpgsql security definer set search_path = public as $$
declare
    in_cash boolean := exists (select 1 from drawer where account in (new.debit, new.credit));
    other text := (select a.kind from ledger_account a where a.id in (new.debit, new.credit)
                   and not exists (select 1 from drawer where account = a.id) limit 1);
begin
    if not (case new.kind
        when 'payout' then exists (select 1 from payout where transfer = new.id)
        when 'sale' then exists (select 1 from payment where transfer = new.id)
        when 'reversal' then not exists (select 1 from payout where transfer = new.reverses)
            or exists (select 1 from reversal where transfer = new.id)
        when 'float' then not in_cash or coalesce(other = 'float_source', false)
        when 'cash_difference' then not in_cash or coalesce(other = 'cash_difference', false) and exists (
            select 1 from cash_entry e join drawer_day d on d.id = e.drawer_day
            where e.transfer = new.id and d.state = 'closed')
        else not in_cash
    end) then
        raise exception 'transfer % (%) has no cause', new.id, new.kind
            using errcode = '23514', constraint = 'transfer_has_cause';
    end if;
    return null;
end $$;
create constraint trigger transfer_has_cause after insert on transfer
    deferrable initially deferred for each row execute function transfer_has_cause();

-- A count belongs to an open day: what was counted at a closing stays what the closing says.
create function cash_count_while_open() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform 1 from drawer_day where id = new.drawer_day and state = 'open' for share;
    if not found then
        raise exception 'the day is closed' using errcode = '23514', constraint = 'cash_count_while_open';
    end if;
    return new;
end $$;
create trigger cash_count_while_open before insert on cash_count
    for each row execute function cash_count_while_open();
