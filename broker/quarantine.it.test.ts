import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Finding } from '../domain/finding.ts';
import { movedClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { openMetrics } from '../runtime/metrics.ts';
import type { Store } from '../store/commands.ts';
import type { AdmittedHub } from '../store/hub.ts';
import { type OpenStore, openStoreHere } from '../store/open.ts';
import { engines } from '../test/memory.ts';
import { journalOf, nothingMeant, registered } from './doors/standing-door.ts';
import { type Intake, type IntakeOptions, startIntake } from './intake.ts';
import type { Judge } from './judgement.ts';

/** Statements by a connection of the test's own, as an administrator would run them. */
async function administer(url: string, ...statements: readonly string[]): Promise<void> {
  if (url.startsWith('postgres:')) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
    return;
  }
  const db = new Sqlite(url);
  for (const statement of statements) db.exec(statement);
  db.close();
}

/** From now on the database refuses every row of a table in which a column speaks of poison. */
const refuse = (url: string, table: string, column: string): Promise<void> =>
  administer(
    url,
    url.startsWith('postgres:')
      ? `alter table ${table} add check (${column} not like '%poison%')`
      : `create trigger no_poison_in_${table} before insert on ${table} when new.${column} like '%poison%'
           begin select raise(abort, 'refused'); end`,
  );

describe.each(engines)('what a commit means, on $name', (engine) => {
  if (engine.unavailable) return test.skip(engine.unavailable);
  let started: Awaited<ReturnType<typeof engine.start>>;
  let url: string;
  let open: OpenStore;
  let hub: AdmittedHub;
  let intake: Intake | null;
  beforeAll(async () => {
    started = await engine.start();
  });
  afterAll(() => started.stop());
  beforeEach(async () => {
    url = await started.database();
    open = await openStoreHere(url);
    await registered(open.store, ['hub-a']);
    [hub] = (await open.store.hubsSince({ revision: 0, limit: 1 })).hubs as [AdmittedHub];
    intake = null;
  });
  afterEach(async () => {
    await intake?.stop();
    await open.close();
  });

  const start = async (
    judge: Judge,
    store: Partial<Store> = {},
    fatal: IntakeOptions['fatal'] = (error) => expect.fail(String(error)),
  ) =>
    (intake = await startIntake({
      store: { ...open.store, ...store },
      clock: movedClock(1_700_000_000_000),
      judge,
      inPlainWords: (finding) => ({
        ...finding,
        about: { ...finding.about, device: '' },
        sentence: { zh: '紧急', en: 'plain' },
        occurrenceKey: 'plain',
      }),
      learn: () => {},
      stream: 's',
      metrics: openMetrics(),
      log: silentLog,
      nudge: { send: () => {} },
      fatal,
    }));
  const says = (payload: string) =>
    ({ topic: 'sw/hub-a/up', payload: Buffer.from(payload), qos: 1, retain: false }) as const;
  const fall = (text: string): Finding => ({
    householdId: hub.householdId,
    category: 'fall',
    about: { hubId: hub.hubId, device: text },
    rule: 'critical',
    occurrenceKey: `k:${text}`,
    at: 1,
    delayMs: 0,
    sentence: { zh: text, en: text },
    evidence: { readings: [], numbers: {} },
  });
  const alerts = async () =>
    (
      await open.store.queue({
        scope: { areaId: 'root', householdId: null },
        state: 'unclosed',
        userId: '',
        limit: 100,
        now: 0,
      })
    ).alerts.map(({ category, occurrences, sentence }) => ({ category, occurrences, en: sentence.en }));

  test('is kept piece by piece when the database refuses one: the emergency in plain words, the rest as it was', async () => {
    await refuse(url, 'occurrence', 'text');
    await refuse(url, 'alarm_state', 'device');
    await refuse(url, 'unreadable', 'topic');
    const { accept } = await start((packet) => {
      const text = Buffer.from(packet.payload).toString();
      return {
        ...nothingMeant,
        findings: [{ ...fall(text), category: text === 'poison' ? 'fall' : 'sos' }],
        alarmStates: [{ hubId: hub.hubId, device: text, kind: 'smoke', active: true, at: 5 }],
        unreadable: { reason: 'not_json' },
      };
    });
    await Promise.all(['one', 'poison', 'two'].map((text) => accept(says(text), hub)));
    const raised = await alerts();
    expect(raised).toHaveLength(2);
    expect(raised).toContainEqual({ category: 'sos', occurrences: 2, en: 'one' });
    expect(raised).toContainEqual({ category: 'fall', occurrences: 1, en: 'plain' });
    expect((await open.store.alarmStates(null)).map(({ device }) => device).sort()).toEqual(['one', 'two']);
    expect(await journalOf(open.store, 's')).toHaveLength(3);
    // The next commit is as any other.
    await accept(says('three'), hub);
    expect(await journalOf(open.store, 's')).toHaveLength(4);
  });

  test('ends the process when even plain words are refused: nothing is acknowledged that nobody will be told of', async () => {
    await refuse(url, 'alert_event', 'alert_id');
    await administer(
      url,
      url.startsWith('postgres:')
        ? "alter table alert add check (category <> 'fall')"
        : `create trigger no_falls before insert on alert when new.category = 'fall' begin select raise(abort, 'refused'); end`,
    );
    const ended = Promise.withResolvers<Error>();
    const { accept } = await start(() => ({ ...nothingMeant, findings: [fall('x')] }), {}, ended.resolve);
    let answered = false;
    void accept(says('x'), hub).then(() => {
      answered = true;
    });
    await ended.promise;
    expect(answered).toBe(false);
  });

  test('happens once though its answer was lost and it is asked again', async () => {
    let lose = 0;
    const commitSegment: Store['commitSegment'] = async (commit) => {
      const kept = await open.store.commitSegment(commit);
      if (lose-- <= 0) return kept;
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' });
    };
    const { accept } = await start(() => ({ ...nothingMeant, findings: [fall('x')] }), { commitSegment });
    lose = 3;
    await Promise.all([accept(says('1'), hub), accept(says('2'), hub)]);
    await accept(says('3'), hub);
    expect(await alerts()).toEqual([expect.objectContaining({ occurrences: 1 })]);
    expect(await journalOf(open.store, 's')).toHaveLength(3);
  });

  test('is fatal when somebody else writes the same stream, in words that say what to do', async () => {
    const ended = Promise.withResolvers<Error>();
    const first = await start(() => nothingMeant, {}, ended.resolve);
    await first.accept(says('1'), hub);
    const second = await start(() => nothingMeant);
    await second.accept(says('2'), hub);
    void first.accept(says('3'), hub).catch(() => {});
    expect((await ended.promise).cause).toMatchObject({ message: expect.stringContaining('Another process writes') });
    expect((await journalOf(open.store, 's')).map((it) => it.kind === 'packet' && String(it.payload))).toEqual([
      '1',
      '2',
    ]);
  });

  if (engine.name !== 'PostgreSQL') return;
  test('waits for a database that ends its connections, and then is kept', async () => {
    const { accept, full } = await start(() => ({ ...nothingMeant, findings: [fall('x')] }));
    await accept(says('1'), hub);
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    onTestFinished(() => admin.end());
    await admin.query('begin');
    await admin.query('lock table segment in access exclusive mode');
    const answered: number[] = [];
    const all = [2, 3].map((n) => accept(says(`${n}`), hub).then(() => answered.push(n)));
    // What a transaction sees of others stands still until it is told to look again.
    const cut = async (): Promise<boolean> => {
      await admin.query('select pg_stat_clear_snapshot()');
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shouwang' and wait_event_type = 'Lock'
             and datname = current_database()`,
      );
      return (rowCount ?? 0) > 0;
    };
    for (let cuts = 0; cuts < 3; cuts++) await vi.waitUntil(cut, { interval: 20, timeout: 10_000 });
    expect(answered).toEqual([]);
    expect(full()).toBe(false);
    await admin.query('commit');
    await Promise.all(all);
    expect(answered).toEqual([2, 3]);
    expect(await journalOf(open.store, 's')).toHaveLength(3);
    expect(await alerts()).toEqual([expect.objectContaining({ occurrences: 1 })]);
  });
});
