import { eachOccurrence, eachPacket, eventIn, hubsByHousehold } from '../../device-sim/check.ts';
import type { Category } from '../../domain/category.ts';
import type { ReadingKind } from '../../domain/reading.ts';
import type { Store } from '../../store/commands.ts';
import type { Db } from '../../store/schema.ts';
import { sentence } from './against.ts';
import { ACKED, CRITICAL, JOURNALLED, type LoadLedger, type Message, OCCURRED, OCCURRED_AGAIN } from './load-ledger.ts';

/** What became of everything that a load said, as the database tells it. */
export type MessagesSeen = {
  /** Marked with what the journal and the alerts hold. */
  readonly ledger: LoadLedger;
  /** Causes of alerts of these hubs that nobody said. */
  readonly unsaid: readonly string[];
  /** How often a kind of reading has been added up for a hub (client identifier), and how many single ones are kept. */
  readonly effects: readonly Effect[];
  /** Alerts whose number of occurrences is not the number of their causes. */
  readonly miscounted: readonly string[];
  /** Matters about which more than one alert is open. */
  readonly doubled: number;
};

type Effect = { readonly hub: string; readonly kind: ReadingKind; readonly added: number; readonly kept: number };

/** The load presses one button and moves before one sensor (device-sim/load-client.ts). */
const EMERGENCY: Category & ReadingKind = 'sos';
const ORDINARY: ReadingKind = 'motion';
const DAY_SECONDS = 86_400;

const nameOf = ({ hub, boot, seq }: Message): string => `${hub}/${boot}/${seq}`;

async function markOccurrences(store: Store, ledger: LoadLedger): Promise<string[]> {
  const homes = await hubsByHousehold(store);
  const ours = ledger.hubs();
  const unsaid: string[] = [];
  await eachOccurrence(store, ({ householdId, key, category }) => {
    const hub = homes.get(householdId);
    if (!hub || !ours.has(hub.clientId) || category !== EMERGENCY) return;
    const [, hubId, boot = '', seqAndTime = ''] = key.split(':');
    const message = { hub: hub.clientId, boot, seq: Number.parseInt(seqAndTime, 10) };
    const before = hubId === hub.hubId ? ledger.mark(message, OCCURRED) : 0;
    if ((before & CRITICAL) === 0) unsaid.push(key);
    if ((before & OCCURRED) !== 0) ledger.mark(message, OCCURRED_AGAIN);
  });
  return unsaid;
}

async function effectsOf(db: Db, ours: ReadonlySet<string>): Promise<Effect[]> {
  const kinds = [EMERGENCY, ORDINARY];
  const added = await db
    .selectFrom('rollup')
    .innerJoin('hub', 'hub.id', 'rollup.hub_id')
    .select((e) => ['hub.client_id', 'rollup.kind', e.fn.sum<number | string>('rollup.n').as('n')])
    .where('rollup.size', '=', DAY_SECONDS)
    .where('rollup.kind', 'in', kinds)
    .groupBy(['hub.client_id', 'rollup.kind'])
    .execute();
  const kept = await db
    .selectFrom('reading')
    .innerJoin('hub', 'hub.id', 'reading.hub_id')
    .select((e) => ['hub.client_id', 'reading.kind', e.fn.countAll<number | string>().as('n')])
    .where('reading.kind', 'in', kinds)
    .groupBy(['hub.client_id', 'reading.kind'])
    .execute();
  const keptOf = new Map(kept.map((row) => [`${row.client_id} ${row.kind}`, Number(row.n)]));
  return added
    .filter((row) => ours.has(row.client_id))
    .map((row) => ({
      hub: row.client_id,
      kind: row.kind,
      added: Number(row.n),
      kept: keptOf.get(`${row.client_id} ${row.kind}`) ?? 0,
    }));
}

async function miscountedIn(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('alert')
    .leftJoin('occurrence', 'occurrence.alert_id', 'alert.id')
    .select((e) => ['alert.id', 'alert.occurrences', e.fn.count<number | string>('occurrence.key').as('causes')])
    .groupBy(['alert.id', 'alert.occurrences'])
    .execute();
  return rows
    .filter(({ occurrences, causes }) => Number(occurrences) !== Number(causes))
    .map(({ id, occurrences, causes }) => `${id} (${occurrences} counted, ${causes} there)`);
}

/** Reads the journal, the alerts' causes and the series, once all has been dealt with. */
export async function readMessages(store: Store, db: Db, ledger: LoadLedger): Promise<MessagesSeen> {
  await eachPacket(store, (packet) => {
    const event = eventIn(packet);
    if (event) ledger.mark(event, JOURNALLED);
  });
  return {
    ledger,
    unsaid: await markOccurrences(store, ledger),
    effects: await effectsOf(db, ledger.hubs()),
    miscounted: await miscountedIn(db),
    doubled: (await store.facts({ now: Date.now() })).doubledAlerts,
  };
}

const messagesWith = (ledger: LoadLedger, having: number, lacking = 0): string[] => {
  const found: string[] = [];
  ledger.each((message, bits) => {
    if ((bits & having) === having && (bits & lacking) === 0) found.push(nameOf(message));
  });
  return found;
};

/** Every acknowledged message is in the journal. */
export const acknowledgedIsKept = ({ ledger }: MessagesSeen): string[] =>
  sentence('acknowledged messages are not in the journal', messagesWith(ledger, ACKED, JOURNALLED));

/** Every message in the journal, acknowledged or not, has been added up once, however often it was sent and its processor killed. */
export function takesEffectOnce({ ledger, effects }: MessagesSeen): string[] {
  const expected = new Map<string, number>();
  ledger.each(({ hub }, bits) => {
    if ((bits & JOURNALLED) === 0) return;
    const key = `${hub} ${(bits & CRITICAL) === 0 ? ORDINARY : EMERGENCY}`;
    expected.set(key, (expected.get(key) ?? 0) + 1);
  });
  const found = new Map(effects.map((effect) => [`${effect.hub} ${effect.kind}`, effect]));
  const wrong: string[] = [];
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const { kind = ORDINARY, added = 0, kept = 0 } = found.get(key) ?? {};
    const said = expected.get(key) ?? 0;
    if (added !== said) wrong.push(`${key}: ${said} said, ${added} added up`);
    if (kind === EMERGENCY && kept !== said) wrong.push(`${key}: ${said} said, ${kept} kept one by one`);
  }
  return sentence('series of a hub do not hold what was said once', wrong);
}

/** Every emergency in the journal is the cause of exactly one alert, nothing else is, and no matter has two open alerts. */
export const emergencyHasOneAlert = ({ ledger, unsaid, miscounted, doubled }: MessagesSeen): string[] => [
  ...sentence('acknowledged emergencies belong to no alert', messagesWith(ledger, ACKED | CRITICAL, OCCURRED)),
  ...sentence('emergencies in the journal belong to no alert', messagesWith(ledger, JOURNALLED | CRITICAL, OCCURRED)),
  ...sentence('emergencies belong to more than one alert', messagesWith(ledger, OCCURRED_AGAIN)),
  ...sentence('causes of alerts were never said', unsaid),
  ...sentence('alerts count their causes wrongly', miscounted),
  ...(doubled > 0 ? [`${doubled} matters have more than one open alert`] : []),
];
