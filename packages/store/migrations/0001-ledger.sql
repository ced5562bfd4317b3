-- First migration: see the tables that it creates.
select 1;
