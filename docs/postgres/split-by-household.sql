-- Splits the two tables that grow for ever with the homes, `rollup` and `reading`, by household_id:
--
--     psql -v ON_ERROR_STOP=1 -v parts=16 "$SHOUWANG_DATABASE_URL" -f docs/postgres/split-by-household.sql
--
-- Stop everything but the brokers first: it copies what is there in one transaction, which takes about as long as reading it, and needs
-- as much room again. What hubs say meanwhile waits in the journal. It may be run again with another number of parts.
begin;
select set_config('shouwang.parts', :'parts', true);

do $$
declare
  parts constant integer := current_setting('shouwang.parts');
  whole text;
begin
  foreach whole in array array['rollup', 'reading'] loop
    execute format('alter table %I rename to %I', whole, whole || '_before');
    execute format('create table %I (like %I including defaults including indexes) partition by hash (household_id)', whole, whole || '_before');
    for part in 0 .. parts - 1 loop
      execute format('create table %I partition of %I for values with (modulus %s, remainder %s)',
        format('%s_%s_of_%s', whole, part, parts), whole, parts, part);
    end loop;
    execute format('insert into %I select * from %I', whole, whole || '_before');
    execute format('drop table %I', whole || '_before');
  end loop;
end
$$;
commit;
analyze rollup, reading;
