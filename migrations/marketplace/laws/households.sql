-- Kin, proxies and residents stand in the village of the members they name.
create function members_are_of_village() returns trigger language plpgsql security definer set search_path = public as $$
declare
    named uuid[] := array_remove(array[(to_jsonb(new) ->> 'member')::uuid, (to_jsonb(new) ->> 'relative')::uuid], null);
begin
    if exists (select 1 from unnest(named) one left join member m on m.id = one where m.village is distinct from new.village) then
        raise exception '% names a member of another village', tg_table_name
            using errcode = '23514', constraint = tg_table_name || '_villages_members';
    end if;
    return new;
end $$;
do $$
declare
    name text;
begin
    foreach name in array array['kin_link', 'resident', 'proxy'] loop
        execute format('create trigger %I before insert or update on %I for each row execute function members_are_of_village()',
                       name || '_villages_members', name);
    end loop;
end $$;
