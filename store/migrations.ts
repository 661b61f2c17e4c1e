import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { slotOf } from './partition.ts';
import type { Engine, Tables } from './schema.ts';

type Builder = Kysely<Tables>;

/** One statement a line of the list; `{bytes}` is the engine's type for them. */
async function run(db: Builder, engine: Engine, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await sql.raw(statement.replaceAll('{bytes}', engine === 'sqlite' ? 'blob' : 'bytea')).execute(db);
  }
}

const founding = [
  `create table area (id text primary key, kind text not null, parent_id text, name text not null)`,
  `create index area_by_parent on area (parent_id)`,
  `create table household (id text primary key, station_id text not null, name text not null, address text not null,
    latitude double precision, longitude double precision, access text not null, mode text not null,
    settings text not null, plans text not null, revision bigint not null)`,
  `create index household_by_station on household (station_id)`,
  `create index household_by_revision on household (revision)`,
  `create index household_by_name on household (name, id)`,
  `create table resident (id text primary key, household_id text not null, name text not null, birth_year integer,
    sex text not null, notes text not null, limits text not null)`,
  `create index resident_by_household on resident (household_id)`,
  `create table contact (id text primary key, household_id text not null, name text not null, relation text not null,
    phone text not null, rank integer not null)`,
  `create index contact_by_household on contact (household_id)`,
  `create table pause (id text primary key, household_id text not null, kind text not null, from_at bigint not null,
    to_at bigint not null, reason text not null)`,
  `create index pause_by_household on pause (household_id, to_at)`,
  `create table hub (id text primary key, household_id text not null, client_id text not null unique, ecosystem text not null,
    power text not null, created_at bigint not null, revision bigint not null)`,
  `create index hub_by_household on hub (household_id)`,
  `create index hub_by_revision on hub (revision)`,
  `create table hub_key (hub_id text not null, hash text not null, created_at bigint not null, primary key (hub_id, hash))`,
  `create table hub_catalogue (hub_id text primary key, catalogue text not null)`,
  `create table hub_now (hub_id text primary key, household_id text not null, connected integer not null, last_heard_at bigint not null)`,
  `create table alarm_state (hub_id text not null, device text not null, kind text not null, active integer not null,
    at bigint not null, primary key (hub_id, device, kind))`,
  `create table device (household_id text not null, hub_id text not null, key text not null, name text not null,
    room text not null, class text not null, primary key (household_id, hub_id, key))`,
  `create table latest (household_id text not null, hub_id text not null, device text not null, kind text not null,
    value double precision not null, at bigint not null, primary key (household_id, hub_id, device, kind))`,

  `create table segment (stream text not null, first bigint not null, count integer not null, at bigint not null,
    packets {bytes} not null, primary key (stream, first))`,
  `create table unreadable (hub_id text not null, topic text not null, reason text not null, count bigint not null,
    first_at bigint not null, last_at bigint not null, sample text not null, primary key (hub_id, topic, reason))`,
  `create table turn (processor text not null, number bigint not null, at bigint not null, watching_since bigint not null,
    links_since bigint not null, cut text not null, primary key (processor, number))`,
  `create table checkpoint (processor text primary key, turn bigint not null)`,
  `create table household_state (household_id text primary key, processor text not null, turn bigint not null, state text not null)`,
  `create table rollup (household_id text not null, hub_id text not null, device text not null, kind text not null,
    size integer not null, at bigint not null, n bigint not null, sum double precision not null, min double precision not null,
    max double precision not null, primary key (household_id, kind, size, at, hub_id, device))`,
  `create index rollup_by_age on rollup (size, at)`,
  `create table reading (household_id text not null, hub_id text not null, device text not null, kind text not null,
    value double precision not null, at bigint not null, position text not null, primary key (household_id, at, position))`,
  `create index reading_by_kind on reading (household_id, kind, at)`,

  `create table alert (id text primary key, household_id text not null, category text not null, subject text not null,
    priority integer not null, state text not null, version bigint not null, occurrence_version bigint not null, rule text not null,
    sentence text not null, evidence text not null, plan text not null, step integer not null, round integer not null,
    occurrences bigint not null, happened_at bigint not null, raised_at bigint not null, delay_ms bigint not null,
    last_occurrence_at bigint not null, next_due bigint, taken_at bigint, taken_by text, attended_at bigint, closed_at bigint,
    disposition text,
    constraint unattended_is_unrepresentable check (state = 'closed' or next_due is not null),
    constraint closed_has_an_end check (state <> 'closed' or (closed_at is not null and disposition is not null)),
    constraint in_hand_has_a_hand check (state not in ('taken', 'attended') or taken_by is not null))`,
  `create unique index one_open_alert on alert (household_id, category, subject) where state <> 'closed'`,
  `create index alert_by_due on alert (next_due) where state <> 'closed'`,
  `create index alert_by_urgency on alert (priority, next_due) where state <> 'closed'`,
  `create index alert_by_household on alert (household_id, raised_at)`,
  `create index alert_by_end on alert (closed_at) where state = 'closed'`,
  `create table alert_event (alert_id text not null, version bigint not null, household_id text not null, kind text not null,
    at bigint not null, by_user text, text text not null, said text, primary key (alert_id, version))`,
  `create index alert_event_by_time on alert_event (at)`,
  `create table occurrence (household_id text not null, key text not null, alert_id text not null, at bigint not null,
    delay_ms bigint not null, text text not null, primary key (household_id, key))`,
  `create index occurrence_by_alert on occurrence (alert_id)`,
  `create table notice (id text primary key, alert_id text not null, household_id text not null, step integer not null,
    round integer not null, audience text not null, channel text not null, fallback text not null, state text not null,
    reason text, attempts integer not null, created_at bigint not null, next_attempt_at bigint not null, lease text,
    delivered_at bigint,
    constraint told_once unique (alert_id, step, round, audience, channel))`,
  `create index notice_by_due on notice (next_attempt_at) where state in ('due', 'waiting')`,
  `create index notice_for_console on notice (created_at) where channel = 'console' and state in ('due', 'waiting')`,
  `create index notice_by_alert on notice (alert_id)`,
  `create table delivery (id text primary key, notice_id text not null, alert_id text not null, household_id text not null,
    channel text not null, destination text not null, attempted_at bigint not null, outcome text not null, reason text not null,
    answer text not null)`,
  `create index delivery_by_alert on delivery (alert_id)`,
  `create index delivery_by_time on delivery (attempted_at)`,
  `create table webhook (id text primary key, area_id text not null, audience text not null, url text not null,
    secret text not null, created_at bigint not null)`,

  `create table user_account (id text primary key, login text not null unique, name text not null, role text not null,
    area_id text, household_id text, password_hash text, created_at bigint not null)`,
  `create table login_link (token_hash text primary key, user_id text not null, expires_at bigint not null)`,
  `create table session (token_hash text primary key, user_id text not null, created_at bigint not null, expires_at bigint not null)`,
  `create table look (user_id text not null, household_id text not null, what text not null, at bigint not null)`,
  `create index look_by_household on look (household_id, at)`,
  `create table counter (name text primary key, value bigint not null)`,
  `create table beat (role text not null, instance text not null, at bigint not null, primary key (role, instance))`,

  `insert into counter (name, value) values ('registry', 0)`,
  `insert into area (id, kind, parent_id, name) values ('root', 'city', null, '守望')`,
  `insert into household (id, station_id, name, address, latitude, longitude, access, mode, settings, plans, revision)
    values ('system', 'root', '守望系统', '', null, null, '', 'live', '{}', '{}', 0)`,
];

/** On SQLite a table that is its own primary key holds each row once instead of twice; the largest tables are half as large by it. */
const withoutRowid = (table: string, columns: string, more = ''): readonly string[] => [
  `create table ${table}_keyed (${columns}) without rowid`,
  `insert into ${table}_keyed select *${more} from ${table}`,
  `drop table ${table}`,
  `alter table ${table}_keyed rename to ${table}`,
];

const keyed = [
  ...withoutRowid(
    'rollup',
    `household_id text not null, hub_id text not null, device text not null, kind text not null,
    size integer not null, at bigint not null, n bigint not null, sum double precision not null, min double precision not null,
    max double precision not null, minutes text not null, primary key (household_id, kind, size, at, hub_id, device)`,
    `, ''`,
  ),
  ...withoutRowid(
    'reading',
    `household_id text not null, hub_id text not null, device text not null, kind text not null,
    value double precision not null, at bigint not null, position text not null, primary key (household_id, at, position)`,
  ),
  `create index reading_by_kind on reading (household_id, kind, at)`,
];

/** What several processes need to share one memory: who works on what, which front end holds a hub, and what goes down to hubs. */
const together = (engine: Engine): readonly string[] => [
  `drop index rollup_by_age`,
  `delete from rollup where size = 60`,
  ...(engine === 'sqlite' ? keyed : [`alter table rollup add column minutes text not null default ''`]),
  `alter table household add column slot integer not null default 0`,
  `create table lease (name text primary key, owner text not null, fence bigint not null, renewal bigint not null)`,
  `create table hub_link (hub_id text primary key, front_end text not null, epoch bigint not null, left_front_end text)`,
  `create index hub_link_to_cut on hub_link (left_front_end) where left_front_end is not null`,
  `create table command (id text primary key, hub_id text not null, household_id text not null, topic text not null,
    payload text not null, asked_by text, created_at bigint not null, expires_at bigint not null, state text not null, sent_at bigint)`,
  `create index command_waiting on command (hub_id, created_at) where state = 'waiting'`,
  `create index command_by_age on command (created_at)`,
  // Instances had other names, of which nobody will hear again.
  `delete from beat`,
  // A processor that has worked alone goes on alone: its turns are of all households.
  `insert into counter (name, value)
    select 'partitions', case when exists (select 1 from turn) then 1 else ${engine === 'postgres' ? 8 : 1} end`,
];

async function dealOut(db: Builder): Promise<void> {
  for (const { id } of await db.selectFrom('household').select('id').execute()) {
    await db
      .updateTable('household')
      .set({ slot: slotOf(id) })
      .where('id', '=', id)
      .execute();
  }
}

/** Forward only. A number is never reused and a landed migration never edited; old code refuses a schema it does not know. */
export const migrations = (engine: Engine): Record<string, Migration> => ({
  '0001_founding': { up: (db) => run(db, engine, founding) },
  '0002_together': {
    async up(db) {
      await run(db, engine, together(engine));
      await dealOut(db);
    },
  },
});
