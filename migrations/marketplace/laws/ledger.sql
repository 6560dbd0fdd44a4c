-- Double entry (P1–P4). Both legs of a transfer are of one unit; kept balances move here and nowhere else.
alter table transfer
    add constraint transfer_debit_of_unit foreign key (debit, unit) references ledger_account (id, unit),
    add constraint transfer_credit_of_unit foreign key (credit, unit) references ledger_account (id, unit),
    add constraint transfer_reverses_one foreign key (reverses) references transfer (id);
create index transfer_by_village on transfer (village, id);

create function post_transfer() returns trigger language plpgsql security definer set search_path = public as $$
declare
    wanted int;
    moved int;
begin
    -- In account order, and NO KEY: a foreign key check of another transfer need not wait.
    perform 1 from ledger_account where id in (new.debit, new.credit) and kept order by id for no key update;
    get diagnostics wanted = row_count;
    update ledger_account set balance = balance + case id when new.debit then new.amount else -new.amount end
        where id in (new.debit, new.credit) and kept;
    get diagnostics moved = row_count;
    -- Both accounts must be in sight: rows hidden from this function would be neither locked nor moved.
    if moved <> wanted or (select count(*) from ledger_account where id in (new.debit, new.credit)) <> 2 then
        raise exception 'transfer % moved % of % balances', new.id, moved, wanted
            using errcode = '23514', constraint = 'transfer_posted_whole';
    end if;
    return null;
end $$;
create trigger transfer_posts after insert on transfer for each row execute function post_transfer();

-- A reversal is the whole, the other way round, once (reverses is unique).
create function reversal_mirrors() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.reverses is not null and not exists (
        select 1 from transfer t where t.id = new.reverses and t.unit = new.unit and t.debit = new.credit
            and t.credit = new.debit and t.amount = new.amount and t.reverses is null
    ) then
        raise exception 'transfer does not mirror %', new.reverses
            using errcode = '23514', constraint = 'transfer_reversal_mirrors';
    end if;
    return new;
end $$;
create trigger transfer_reversal_mirrors before insert on transfer
    for each row execute function reversal_mirrors();

-- An account is born empty and keeps its nature; only the posting trigger (depth 2) moves a balance.
create function account_keeps_nature() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.balance <> 0 then
        raise exception 'an account is born empty'
            using errcode = '23514', constraint = 'ledger_account_born_empty';
    end if;
    if tg_op = 'UPDATE' and ((old.id, old.unit, old.kind, old.subject, old.floor_zero, old.kept)
                             is distinct from (new.id, new.unit, new.kind, new.subject, new.floor_zero, new.kept)
                             or pg_trigger_depth() < 2) then
        raise exception 'an account changes by transfers only'
            using errcode = '23514', constraint = 'ledger_account_changes_by_transfers';
    end if;
    if tg_op = 'DELETE' then
        raise exception 'an account stays' using errcode = '23514', constraint = 'ledger_account_stays';
    end if;
    return coalesce(new, old);
end $$;
create trigger ledger_account_keeps_nature before insert or update or delete on ledger_account
    for each row execute function account_keeps_nature();
