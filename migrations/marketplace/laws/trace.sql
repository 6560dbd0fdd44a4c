-- The page behind a label (public): no household, unless it agreed to show its name; who checked it, as its certificate says.
create or replace view trace_page as
    select p.code, p.village, u."group", u.offer, u.packed_on, u.best_before, u.state, u.place,
           case when h.show_name then h.head_name end as head_name, p.id as package, s.name as inspector
    from package p join stock_unit u on u.package = p.id join household h on h.id = p.household
    join acceptance a on a.package = p.id join inspection i on i.id = a.inspection join app_user s on s.id = i.inspector;
