-- The one act (P13–P15): inspection, payout, voucher, income entry and acceptance stand together or not at all.

-- Vouchers are numbered by the database from a locked row: no gaps, no choice.
create function number_voucher() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.voucher_number is not null then
        raise exception 'voucher numbers are given' using errcode = '23514', constraint = 'payout_number_is_given';
    end if;
    insert into voucher_counter (id, village, last) values (gen_random_uuid(), new.village, 0)
        on conflict (village) do nothing;
    update voucher_counter set last = last + 1 where village = new.village returning last into new.voucher_number;
    return new;
end $$;
create trigger payout_is_numbered before insert on payout for each row execute function number_voucher();

create function voucher_counter_moves_on() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 or (tg_op = 'INSERT' and new.last <> 0)
       or (tg_op = 'UPDATE' and (new.last <> old.last + 1 or new.village <> old.village)) then
        raise exception 'voucher numbers have no gaps' using errcode = '23514', constraint = 'voucher_counter_moves_on';
    end if;
    return new;
end $$;
create trigger voucher_counter_moves_on before insert or update on voucher_counter
    for each row execute function voucher_counter_moves_on();

-- The person is of the household, or declared kin (with recusal) of one of its members.
create function is_kin(person uuid, of_household uuid) returns boolean
language sql stable security definer set search_path = public as $$
    select exists (
        select 1 from resident r
        left join kin_link k on k.recusal and (k.member = r.member or k.relative = r.member)
        join member m on m.household = of_household
            and m.id in (r.member, k.member, k.relative)
            and (m.id = r.member or k.id is not null)
        where r."user" = person)
$$;

create function inspector_is_no_kin() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if is_kin(new.inspector, (select household from package where id = new.package)) then
        raise exception 'the inspector is kin' using errcode = '23514', constraint = 'inspection_no_kin';
    end if;
    if not exists (select 1 from package where id = new.package and village = new.village) then
        raise exception 'another village' using errcode = '23514', constraint = 'inspection_village';
    end if;
    return new;
end $$;
create trigger inspection_no_kin before insert on inspection for each row execute function inspector_is_no_kin();

-- Looked at is what lies weighed on the counter, after it was weighed: neither a draft nor what is paid already.
create function inspection_while_weighed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform 1 from package where id = new.package and state = 'weighed' and weighed_at <= new.at for share;
    if not found then
        raise exception 'the package is not weighed' using errcode = '23514', constraint = 'inspection_while_weighed';
    end if;
    return new;
end $$;
create trigger inspection_while_weighed before insert on inspection
    for each row execute function inspection_while_weighed();

-- Weighed anew it is a new weighing: later than the one before and than every look at it. Afterwards its moment stays.
create function package_weighed_anew() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if (new.weighed_at is distinct from old.weighed_at and new.state <> 'weighed')
       or (old.weighed_at is not null and (new.weighed_at >= old.weighed_at) is not true)
       or (old.state = 'inspected' and new.state = 'weighed'
           and new.weighed_at <= (select max(at) from inspection where package = new.id)) then
        raise exception 'weighed before it was looked at' using errcode = '23514', constraint = 'package_weighed_anew';
    end if;
    return new;
end $$;
create trigger package_weighed_anew before update on package
    for each row execute function package_weighed_anew();

-- What was looked at keeps its lines: whoever changes them weighs anew first.
create function package_line_before_inspection() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if exists (
        select 1 from package p join inspection i on i.package = p.id and i.at >= p.weighed_at
        where p.id = (case tg_op when 'DELETE' then old.package else new.package end) and p.state = 'weighed'
    ) then
        raise exception 'the package is looked at' using errcode = '23514', constraint = 'package_line_before_inspection';
    end if;
    return coalesce(new, old);
end $$;
create trigger package_line_before_inspection before insert or update or delete on package_line
    for each row execute function package_line_before_inspection();

-- A send-back is seen and written in the package's village only.
create function send_back_in_village() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from package where id = new.package and village = new.village) then
        raise exception 'another village' using errcode = '23514', constraint = 'send_back_village';
    end if;
    return new;
end $$;
create trigger send_back_village before insert on send_back for each row execute function send_back_in_village();

create function cashier_is_no_kin() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if is_kin(new.cashier, new.household) then
        raise exception 'the cashier is kin' using errcode = '23514', constraint = 'payout_no_kin';
    end if;
    return new;
end $$;
create trigger payout_no_kin before insert on payout for each row execute function cashier_is_no_kin();

-- It is paid out of a drawer of the household's village.
create function payout_from_villages_drawer() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (
        select 1 from drawer_day d join drawer w on w.id = d.drawer where d.id = new.drawer_day and w.village = new.village
    ) then
        raise exception 'paid from another village' using errcode = '23514', constraint = 'payout_villages_drawer';
    end if;
    return new;
end $$;
create trigger payout_villages_drawer before insert on payout
    for each row execute function payout_from_villages_drawer();

-- It is what left that drawer on that day: its own transfer, in the cash book of the day on which it is dated.
create function payout_ties() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (
        select 1 from transfer t join cash_entry e on e.transfer = t.id join drawer_day d on d.id = e.drawer_day
        where t.id = new.transfer and t.kind = 'payout' and t.reference = new.id and t.at = new.at
            and e.amount_fen = -new.amount_fen and d.id = new.drawer_day
            and d.day = (new.at at time zone 'Asia/Shanghai')::date
    ) then
        raise exception 'the cash book of that day does not know this payout'
            using errcode = '23514', constraint = 'payout_ties';
    end if;
    return null;
end $$;
create trigger payout_ties after insert on payout for each row execute function payout_ties();

-- The facts of an acceptance speak of one package, one household and one hundred yuan, and of two persons.
create function acceptance_ties() returns trigger language plpgsql security definer set search_path = public as $$
declare
    inspected record;
    paid record;
    income record;
begin
    select * into inspected from inspection where id = new.inspection;
    select p.*, t.amount as moved, t.credit, d.drawer, dr.account into paid from payout p
        join transfer t on t.id = p.transfer join drawer_day d on d.id = p.drawer_day join drawer dr on dr.id = d.drawer
        where p.id = new.payout;
    select * into income from income_entry where id = new.income_entry;
    if inspected.package <> new.package or not inspected.passed
       or inspected.id <> (select id from inspection where package = new.package order by at desc, id desc limit 1)
       or paid.package <> new.package or paid.household <> new.household or paid.moved <> paid.amount_fen
       or paid.credit <> paid.account or paid.at <> new.at
       or inspected.at < (select weighed_at from package where id = new.package)
       or income.earned_on <> (paid.at at time zone 'Asia/Shanghai')::date
       or income.household <> new.household or income.amount_fen <> paid.amount_fen
       or income.kind <> 'business' or income.source <> 'hundred_yuan_package'
       or not exists (select 1 from package p where p.id = new.package and p.household = new.household) then
        raise exception 'the parts of the acceptance do not tie' using errcode = '23514', constraint = 'acceptance_ties';
    end if;
    if inspected.inspector = paid.cashier then
        raise exception 'who checks does not pay' using errcode = '23514', constraint = 'acceptance_two_persons';
    end if;
    return new;
end $$;
create trigger acceptance_ties before insert on acceptance for each row execute function acceptance_ties();

-- Inspected only by the latest look since it was weighed; paid only with an acceptance; reversed only with a reversal.
create function package_paid_by_acceptance() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.state = 'inspected' and old.state <> 'inspected' and (
        select passed from inspection where package = new.id and at >= new.weighed_at order by at desc, id desc limit 1
    ) is not true then
        raise exception 'nobody looked at it' using errcode = '23514', constraint = 'package_inspected_by_inspection';
    end if;
    if new.state = 'paid' and not exists (select 1 from acceptance where package = new.id) then
        raise exception 'no acceptance' using errcode = '23514', constraint = 'package_paid_by_acceptance';
    end if;
    if new.state = 'reversed' and not exists (select 1 from reversal where package = new.id) then
        raise exception 'no reversal' using errcode = '23514', constraint = 'package_reversed_by_reversal';
    end if;
    if new.state = 'sent_back' and not exists (select 1 from send_back where package = new.id) then
        raise exception 'no reason' using errcode = '23514', constraint = 'package_sent_back_with_reason';
    end if;
    return new;
end $$;
create trigger package_paid_by_acceptance before update on package
    for each row execute function package_paid_by_acceptance();

-- And the other way round, at commit: a payout has its acceptance, an acceptance its paid package in stock,
-- and an income entry from packages its acceptance or reversal.
create function payout_has_acceptance() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from acceptance where payout = new.id) then
        raise exception 'payout without acceptance' using errcode = '23514', constraint = 'payout_has_acceptance';
    end if;
    return null;
end $$;
create constraint trigger payout_has_acceptance after insert on payout
    deferrable initially deferred for each row execute function payout_has_acceptance();

create function acceptance_is_whole() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from package where id = new.package and state in ('paid', 'reversed'))
       or not exists (select 1 from stock_unit where package = new.package) then
        raise exception 'acceptance without paid package in stock'
            using errcode = '23514', constraint = 'acceptance_is_whole';
    end if;
    return null;
end $$;
create constraint trigger acceptance_is_whole after insert on acceptance
    deferrable initially deferred for each row execute function acceptance_is_whole();

create function package_income_has_cause() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.source = 'hundred_yuan_package'
       and not exists (select 1 from acceptance where income_entry = new.id)
       and not exists (select 1 from reversal where income_entry = new.id) then
        raise exception 'income of a package without its acceptance'
            using errcode = '23514', constraint = 'income_entry_has_cause';
    end if;
    return null;
end $$;
create constraint trigger income_entry_has_cause after insert on income_entry
    deferrable initially deferred for each row execute function package_income_has_cause();

-- A reversal undoes exactly its acceptance.
create function reversal_ties() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (
        select 1 from acceptance a join payout p on p.id = a.payout
        join transfer t on t.id = new.transfer join income_entry i on i.id = new.income_entry
        where a.id = new.acceptance and a.package = new.package and a.village = new.village
            and t.reverses = p.transfer and i.reverses = a.income_entry
    ) then
        raise exception 'the reversal undoes something else' using errcode = '23514', constraint = 'reversal_ties';
    end if;
    return new;
end $$;
create trigger reversal_ties before insert on reversal for each row execute function reversal_ties();

create function reversal_is_whole() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from package where id = new.package and state = 'reversed')
       or not exists (select 1 from stock_unit where package = new.package and state = 'reversed') then
        raise exception 'reversal without its package' using errcode = '23514', constraint = 'reversal_is_whole';
    end if;
    return null;
end $$;
create constraint trigger reversal_is_whole after insert on reversal
    deferrable initially deferred for each row execute function reversal_is_whole();
