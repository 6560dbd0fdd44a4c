-- Sign-in delays: lost with a crash, and that is fine.
create unlogged table sign_in_delay (
    key text primary key,
    failures int not null constraint sign_in_delay_failures_counted check (failures >= 0),
    first_at timestamptz not null,
    until timestamptz not null
);
alter table web_session add constraint web_session_card_exists foreign key (card) references card (id);

-- Who is signed in by a token: one statement, asked before any scope is known. Only the token's sha256 is asked for.
create function session_for_token(given bytea) returns table (
    session uuid, kind text, actor uuid, name text, locale text, step int, card uuid, household uuid, village uuid,
    "grant" uuid, role text, scope_kind text, scope uuid, scope_zh text, scope_en text, grants int,
    seen_at timestamptz, expires_at timestamptz, read_at timestamptz
) language sql stable security definer set search_path = public as
$$
    select s.id, coalesce(u.kind, 'card'), coalesce(u.id, c.id), coalesce(u.name, h.head_name), u.locale, u.step,
        c.id, c.household, c.village, g.id, g.role, g.scope_kind, g.scope,
        coalesce(v.name_zh, p.name_zh), coalesce(v.name_en, p.name_en),
        (select count(*)::int from role_grant r where r."user" = u.id
            and business_today() between r.valid_from and coalesce(r.valid_until, 'infinity')),
        s.seen_at, s.expires_at, now()
    from web_session s
    left join app_user u on u.id = s."user" and u.active
    left join card c on c.id = s.card and c.blocked_at is null
    left join household h on h.id = c.household
    left join role_grant g on g.id = s.acting and g."user" = u.id
        and business_today() between g.valid_from and coalesce(g.valid_until, 'infinity')
    left join village v on v.id = g.scope and g.scope_kind = 'village'
    left join place p on p.id = g.scope and g.scope_kind = 'place'
    where s.token_hash = given and s.revoked_at is null and s.expires_at > now()
        and num_nonnulls(u.id, c.id) = 1
$$;
