import { sql } from 'kysely';
import { type Dice, dice as diceOf } from '../../device-sim/dice.ts';
import { type LoadResult, runLoad } from '../../device-sim/load.ts';
import { ROOT_AREA } from '../../domain/household.ts';
import type { Audience, Plan, Step } from '../../domain/plan.ts';
import type { Snapshot } from '../../ingest/checkpoint.ts';
import type { Store } from '../../store/commands.ts';
import { openStoreToRead } from '../../store/open.ts';
import { hubLinesOf, logIn, registerHomes } from '../person.ts';
import { type System, until } from '../system.ts';
import { sentence } from './against.ts';
import { type Desk, openDesk } from './desk.ts';
import { type Hook, openHook } from './hook.ts';
import { acknowledgedIsKept, emergencyHasOneAlert, readMessages, takesEffectOnce } from './invariants-messages.ts';
import { ownOutageLosesNoHub, replaysTheSame, snapshotsOf } from './invariants-processor.ts';
import { everyStepIsTold } from './invariants-telling.ts';
import { ACKED, CRITICAL, type LoadLedger, loadLedger, SAID } from './load-ledger.ts';
import { allLetIn } from './presses.ts';
import { openToQuery } from './query.ts';
import { memoryBounded, neverWentBack, nothingUnattended, type Sampled, startSampler } from './sampler.ts';

/** A rung comes soon after the other, so that many deadlines pass whatever is killed meanwhile; one waits for a console that is not there. */
const rung = (afterSeconds: number, tell: Audience[], channels: Step['channels'] = ['webhook']): Step => ({
  afterSeconds,
  tell,
  channels,
});
const PLAN: Plan = {
  steps: [rung(0, ['station']), rung(10, ['hotline'], ['console', 'webhook']), rung(30, ['station', 'owner'])],
  repeatSeconds: 60,
  attendSeconds: 60,
  closeSeconds: 60,
};
const TOLD_BY_WEBHOOK: readonly Audience[] = ['station', 'hotline', 'owner'];

export type TownOptions = {
  readonly seed: number;
  /** The database's URL, to look at it from outside. */
  readonly url: string;
  readonly web: Pick<System, 'httpUrl' | 'ownerLink'>;
  readonly mqttPort: number;
  readonly homes: number;
  /** Messages a second; one in a hundred presses the emergency button. */
  readonly rate: number;
  readonly processes: () => ReadonlyMap<string, number>;
};

/** Homes that talk and press buttons, somebody at a desk, somebody who is told by webhook, and a look at the database 4 times a second. */
export type Town = {
  readonly dice: Dice;
  readonly ledger: LoadLedger;
  /** What the processors have kept at this moment: it must be possible to go on from there later. */
  readonly remember: () => Promise<void>;
  /** Ends the load, and waits until everything is answered and dealt with and the desk shows it. */
  readonly settle: () => Promise<Settled>;
  /** Holds everything against the promises; to be called when nothing runs any more. */
  readonly judge: (kills: readonly number[], bars: Bars) => Promise<Judged>;
  readonly close: () => Promise<void>;
};

export type Bars = { readonly latestMs: number; readonly mostMb: number };
type Database = ReturnType<typeof openToQuery>;
type Settled = { readonly load: LoadResult; readonly says: readonly string[] };
export type Judged = { readonly counts: Readonly<Record<string, number>>; readonly broken: readonly string[] };

const DRAIN_MS = 120_000;
const SHOWN_AT_LAST = 200;
const SAME_WITHIN_MS = 20_000;

const unclosed = async (db: Database) =>
  db.selectFrom('alert').select(['id', 'version']).where('state', '<>', sql.lit('closed')).execute();

/** What a console shows when it has come to rest is what is on disk. */
async function deskShowsTheTruth(desk: Desk, db: Database): Promise<string[]> {
  const same = async () => {
    const rows = await unclosed(db);
    const shown = desk.shown();
    return rows.length === shown.size && rows.every(({ id, version }) => shown.get(id) === version);
  };
  return until('the desk to show what is on disk', same, SAME_WITHIN_MS).then(
    () => [],
    () => [`a console did not show the ${desk.shown().size} alerts as they are within ${SAME_WITHIN_MS} ms`],
  );
}

/** What a person was told is done, is done. */
async function answeredIsDone(desk: Desk, db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('alert_event')
    .select(['alert_id', 'kind'])
    .where('kind', 'in', ['taken', 'attended', 'closed'])
    .execute();
  const known = new Set(rows.map((row) => `${row.alert_id} ${row.kind}`));
  const missing = [...desk.done].flatMap(([id, kinds]) => [...kinds].map((kind) => `${id} ${kind}`));
  return sentence(
    'acts were answered with 200 and are not on record',
    missing.filter((act) => !known.has(act)),
  );
}

async function openHomes({ web, homes, mqttPort }: TownOptions, hook: Hook) {
  const owner = await logIn(web.httpUrl, web.ownerLink ?? '');
  for (const audience of TOLD_BY_WEBHOOK) await owner.post('/webhooks', { areaId: ROOT_AREA, audience, url: hook.url });
  const registered = await registerHomes(owner, homes, { plans: { sos: PLAN } });
  const hubs = hubLinesOf(registered.homes);
  await allLetIn(mqttPort, registered.homes);
  return { owner, hubs };
}

type Seen = {
  readonly store: Store;
  readonly db: Database;
  readonly ledger: LoadLedger;
  readonly desk: Desk;
  readonly sampled: Sampled;
  readonly receptions: Hook['receptions'];
  readonly snapshots: readonly (readonly Snapshot[])[];
  readonly kills: readonly number[];
  readonly bars: Bars;
  readonly hungUpAt: number;
};

async function judge(seen: Seen): Promise<Judged> {
  const { store, db, ledger, desk, sampled, receptions, snapshots, kills, bars, hungUpAt } = seen;
  const messages = await readMessages(store, db, ledger);
  const telling = await everyStepIsTold(db, { receptions, kills, latestMs: bars.latestMs });
  const replayed = await replaysTheSame(store, db, snapshots);
  const broken = [
    ...acknowledgedIsKept(messages),
    ...takesEffectOnce(messages),
    ...emergencyHasOneAlert(messages),
    ...nothingUnattended(sampled, bars.latestMs),
    ...telling.says,
    ...replayed.says,
    ...neverWentBack(sampled),
    ...(await ownOutageLosesNoHub(db, hungUpAt)),
    ...memoryBounded(sampled, bars.mostMb),
    ...(await answeredIsDone(desk, db)),
  ];
  const counts = {
    said: ledger.count(SAID),
    acked: ledger.count(ACKED),
    ackedCritical: ledger.count(ACKED | CRITICAL),
    alerts: telling.alerts,
    webhookNotices: telling.webhookNotices,
    sentAgain: telling.resent,
    acts: [...desk.done.values()].reduce((sum, kinds) => sum + kinds.size, 0),
    turns: replayed.turns,
    looks: sampled.looks,
    mostUnclosed: sampled.mostUnclosed,
    deadlineLateMaxMs: sampled.alertLateMs,
    noticeLateMaxMs: sampled.noticeLateMs,
    toldAfterMaxMs: telling.toldAfterMaxMs,
    memoryMaxMb: Math.round(Math.max(0, ...sampled.memoryMb.values())),
  };
  return { counts, broken };
}

export async function openTown(options: TownOptions): Promise<Town> {
  const { seed, url, web, mqttPort, rate, processes } = options;
  const hook = await openHook(diceOf(seed, 'hook'));
  const { owner, hubs } = await openHomes(options, hook);
  const ledger = loadLedger();
  const desk = openDesk(owner, web.httpUrl, diceOf(seed, 'desk'));
  const sampler = startSampler({ url, processes });
  const { store, close } = openStoreToRead(url);
  const db = openToQuery(url);
  const snapshots: (readonly Snapshot[])[] = [];
  const ended = new AbortController();
  let hungUpAt = 0;
  const load = runLoad({
    ...{ host: '127.0.0.1', port: mqttPort, hubs, rate, reconnect: true, drainMs: DRAIN_MS },
    ...{ seconds: 100_000, criticalPerMille: 10, signal: ended.signal },
    ...{ onSend: ledger.onSend, onAck: ledger.onAck },
  });

  async function settle(): Promise<Settled> {
    ended.abort();
    const result = await load;
    hungUpAt = Date.now();
    const isLevel = async () => {
      const { unreadSince } = await store.facts({ now: Date.now() });
      return unreadSince === null || unreadSince > hungUpAt;
    };
    await until('the processors to have read everything', isLevel, DRAIN_MS);
    await desk.workDownTo(SHOWN_AT_LAST);
    desk.rest();
    const says = await deskShowsTheTruth(desk, db);
    // What nobody serves from here on is late on purpose.
    await sampler.stop();
    return { load: result, says };
  }

  return {
    ...{ dice: diceOf(seed, 'kills'), ledger, settle },
    judge: (kills, bars) =>
      judge({
        store,
        db,
        ledger,
        desk,
        kills,
        bars,
        sampled: sampler.sampled,
        receptions: hook.receptions,
        snapshots,
        hungUpAt,
      }),
    remember: async () => void snapshots.push(await snapshotsOf(store)),
    async close() {
      ended.abort();
      await Promise.all([desk.close(), sampler.stop(), hook.close(), close(), db.destroy()]);
      await load;
    },
  };
}
