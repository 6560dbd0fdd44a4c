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

-- The bytes that are sealed, as marketplace/journal/rules.py makes them: JSON with sorted keys and no spaces.
create function canonical_json(given jsonb) returns text language plpgsql immutable as $$
begin
    case coalesce(jsonb_typeof(given), 'null')
        when 'object' then
            return '{' || coalesce((select string_agg(to_json(k)::text || ':' || canonical_json(v), ',' order by k collate "C")
                                    from jsonb_each(given) o (k, v)), '') || '}';
        when 'array' then
            return '[' || coalesce((select string_agg(canonical_json(v), ',' order by n)
                                    from jsonb_array_elements(given) with ordinality e (v, n)), '') || ']';
        else
            return coalesce(given, 'null')::text;
    end case;
end $$;

create function sealed_moment(given timestamptz) returns text language sql stable as
$$ select to_char(given at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') $$;

create function sealed_hash(given audit_line) returns bytea language sql stable as $$
    select sha256(convert_to(canonical_json(jsonb_build_array('audit', jsonb_build_object(
        'id', given.id, 'village', given.village, 'at', sealed_moment(given.at), 'actor', given.actor, 'role', given.role,
        'on_behalf_of', given.on_behalf_of, 'verb', given.verb, 'subject', given.subject, 'detail', given.detail::jsonb,
        'command', given.command))), 'UTF8'))
$$;

create function sealed_hash(given transfer) returns bytea language sql stable as $$
    select sha256(convert_to(canonical_json(jsonb_build_array('transfer', jsonb_build_object(
        'id', given.id, 'unit', given.unit, 'debit', given.debit, 'credit', given.credit, 'amount', given.amount,
        'kind', given.kind, 'reference', given.reference, 'village', given.village, 'reverses', given.reverses,
        'at', sealed_moment(given.at), 'command', given.command))), 'UTF8'))
$$;

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
