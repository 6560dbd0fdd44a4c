-- The business clock (P8, P28): the server's clock plus an offset that only the owner may write.
create table business_clock (
    one boolean primary key default true constraint business_clock_one_row check (one),
    shift interval not null default interval '0'
);
insert into business_clock default values;

create function business_now() returns timestamptz language sql volatile parallel restricted as
$$ select clock_timestamp() + shift from business_clock $$;

create function business_today() returns date language sql volatile as
$$ select (business_now() at time zone 'Asia/Shanghai')::date $$;
