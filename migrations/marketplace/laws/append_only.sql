-- Nothing posted is changed or deleted (P4). The app role lacks the rights as well; this holds for the owner too.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name
        using errcode = '23514', constraint = tg_table_name || '_append_only';
end $$;

do $$
declare
    name text;
begin
    foreach name in array array[
        'audit_line', 'seal_entry', 'household_status', 'transfer', 'income_entry', 'cash_count', 'cash_entry',
        'stock_movement', 'inspection', 'send_back', 'payout', 'acceptance', 'reversal', 'payment', 'order_event',
        'handover', 'price_line', 'price_part', 'retail_price'
    ] loop
        execute format('create trigger %I before update or delete on %I for each row execute function refuse_change()',
                       name || '_append_only', name);
        execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()',
                       name || '_no_truncate', name);
    end loop;
end $$;
