-- The database dates audit lines and orders the chains.
create function audit_line_is_dated() returns trigger language plpgsql as $$
begin
    new.at := business_now();
    return new;
end $$;
create trigger audit_line_is_dated before insert on audit_line
    for each row execute function audit_line_is_dated();
alter table audit_line add constraint audit_line_has_moment check (at is not null);

-- An answer is written once.
create function command_answered_once() returns trigger language plpgsql as $$
begin
    if old.answer is not null then
        raise exception 'command % is answered', old.key using errcode = '23514', constraint = 'command_answered_once';
    end if;
    return new;
end $$;
create trigger command_answered_once before update on command
    for each row execute function command_answered_once();

-- A money command is kept for good.
create function command_money_stays() returns trigger language plpgsql as $$
begin
    if old.money then
        raise exception 'money command % stays', old.key using errcode = '23514', constraint = 'command_money_stays';
    end if;
    return old;
end $$;
create trigger command_money_stays before delete on command
    for each row execute function command_money_stays();

-- A chain grows by one, and each link knows the one before; the first stands on 32 zero bytes (P19).
create function seal_follows() returns trigger language plpgsql security definer set search_path = public as $$
declare
    last record;
begin
    perform pg_advisory_xact_lock(hashtextextended('seal ' || new.chain, 0));
    select sequence, hash into last from seal_entry where chain = new.chain order by sequence desc limit 1;
    if new.sequence <> coalesce(last.sequence, 0) + 1
       or new.previous <> coalesce(last.hash, decode(repeat('00', 32), 'hex'))
       or new.hash <> sha256(new.previous || new.row_hash) then
        raise exception 'link % does not follow in chain %', new.sequence, new.chain
            using errcode = '23514', constraint = 'seal_follows';
    end if;
    return new;
end $$;
create trigger seal_follows before insert on seal_entry
    for each row execute function seal_follows();
