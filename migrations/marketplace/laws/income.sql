-- A reversal of income is the whole entry with the other sign, for the same household, kind and flags, once.
alter table income_entry add constraint income_entry_reverses_one foreign key (reverses) references income_entry (id);
create function income_reversal_mirrors() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.reverses is not null and not exists (
        select 1 from income_entry e where e.id = new.reverses and e.household = new.household and e.kind = new.kind
            and e.source = new.source and e.amount_fen = -new.amount_fen and e.year = new.year and e.reverses is null
            and (e.one_off, e.in_kind, e.memo) = (new.one_off, new.in_kind, new.memo)
    ) then
        raise exception 'income entry does not mirror %', new.reverses
            using errcode = '23514', constraint = 'income_entry_reversal_mirrors';
    end if;
    return new;
end $$;
create trigger income_entry_reversal_mirrors before insert on income_entry
    for each row execute function income_reversal_mirrors();
create index income_entry_by_year on income_entry (household, year);

-- What carries a household carries that household's village.
create function village_is_households() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select 1 from household h where h.id = new.household and h.village = new.village) then
        raise exception '% is not in that village', tg_table_name
            using errcode = '23514', constraint = tg_table_name || '_village';
    end if;
    return new;
end $$;
do $$
declare
    name text;
begin
    foreach name in array array['member', 'household_status', 'proxy', 'card', 'income_entry', 'package', 'payout',
                                'acceptance'] loop
        execute format('create trigger %I before insert or update on %I for each row execute function village_is_households()',
                       name || '_village', name);
    end loop;
end $$;
