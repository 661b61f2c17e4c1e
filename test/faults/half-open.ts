import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { checkLedger } from '../../device-sim/check.ts';
import { dice } from '../../device-sim/dice.ts';
import { supervision } from '../../domain/hub.ts';
import type { LinkChange } from '../../domain/packet.ts';
import { minutes, seconds } from '../../domain/time.ts';
import { openStoreToRead } from '../../store/open.ts';
import { segmentEntries } from '../../store/segment.ts';
import type { QueueAnswer } from '../../web/wire/alert.ts';
import { hubLinesOf, logIn, type Person, personAt, registerHomes } from '../person.ts';
import { startFreshSystem, until } from '../system.ts';
import { openDesk } from './desk.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { type HalfOpenHubs, halfOpenHubs } from './half-open-hubs.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

const DETECTED_WITHIN_MS = supervision.hub.mains;
const RED_WITHIN_MS = seconds(30);
/** A look at the alerts, and the processor's own rest. */
const LOOK_MS = seconds(3);

const sizes = {
  short: { bystanders: 6, detoured: 6, lost: 4, keepaliveSeconds: 2, frozenMs: seconds(6), desks: 1 },
  full: { bystanders: 100, detoured: 100, lost: 50, keepaliveSeconds: 60, frozenMs: minutes(5), desks: 4 },
} as const;

type Home = Awaited<ReturnType<typeof registerHomes>>['homes'][number];
type Homes = {
  readonly bystanders: readonly Home[];
  readonly detoured: readonly Home[];
  readonly lost: readonly Home[];
};

async function linksIn(database: string): Promise<LinkChange[]> {
  const { store, close } = openStoreToRead(database);
  const links: LinkChange[] = [];
  for (const [stream, head] of Object.entries(await store.streamHeads(null)))
    for (let after = 0; after < head; )
      for (const { first, count, bytes } of await store.segmentsAfter({ stream, after, limit: 200 })) {
        after = first + count - 1;
        for (const entry of segmentEntries(bytes)) if (entry.kind === 'up' || entry.kind === 'down') links.push(entry);
      }
  await close();
  return links;
}

/** When each home's hub was first said to be lost, ms after `since`. */
function watchLosses(owner: Person, since: number) {
  const lostAfterMs = new Map<string, number>();
  const looking = setInterval(async () => {
    const answer = await owner.get<QueueAnswer>('/alerts?limit=500').catch(() => null);
    for (const { category, householdId } of answer?.alerts ?? [])
      if (category === 'hub_lost' && !lostAfterMs.has(householdId)) lostAfterMs.set(householdId, Date.now() - since);
  }, 500);
  return { lostAfterMs, stop: () => clearInterval(looking) };
}

const PATIENCE_MS = seconds(5);

/** Asks again what was not answered, until it leaves: a browser, too, may have sent it over a connection that is dead without its knowing. */
const patient = (person: Person, left: AbortSignal): Person => ({
  ...person,
  async get<T>(path: string): Promise<T> {
    while (!left.aborted) {
      const late = pause(PATIENCE_MS, null, { ref: false });
      const answer = await Promise.race([person.get<T>(path).catch(() => null), late]);
      if (answer !== null) return answer;
    }
    throw new Error('nobody is there any more');
  },
});

type DeskSeen = { redAfterMs: number; rightAfterMs: number };

/** A desk whose way to the server dies: when it says so, and when it shows again what the database holds. */
async function deskBehind(proxy: TcpProxy, person: Person, direct: Person, heal: () => void): Promise<DeskSeen> {
  const left = new AbortController();
  const desk = openDesk(patient(person, left.signal), `http://127.0.0.1:${proxy.port}`, dice('desk'));
  desk.rest();
  const since = async (state: 'live' | 'lost', withinMs: number): Promise<number> => {
    const from = performance.now();
    await until(`the desk to be ${state}`, () => desk.link() === state, withinMs).catch(() => null);
    return performance.now() - from;
  };
  await since('live', 20_000);
  proxy.freeze();
  const redAfterMs = await since('lost', RED_WITHIN_MS * 2);
  heal();
  const from = performance.now();
  await since('live', RED_WITHIN_MS * 2);
  const same = async (): Promise<boolean> => {
    const { alerts } = await direct.get<QueueAnswer>('/alerts?limit=500');
    const shown = desk.shown();
    return alerts.length === shown.size && alerts.every(({ id }) => shown.has(id));
  };
  await until('the desk to show what there is', same, RED_WITHIN_MS * 2).catch(() => null);
  const rightAfterMs = performance.now() - from;
  left.abort();
  await desk.close();
  return { redAfterMs, rightAfterMs };
}

/** By turns: connections that are dead for good, and some that come back with all that they held. */
async function deskAgainAndAgain(proxy: TcpProxy, person: Person, direct: Person, times: number): Promise<DeskSeen> {
  const seen: DeskSeen = { redAfterMs: 0, rightAfterMs: 0 };
  for (let n = 0; n < times; n++) {
    const now = await deskBehind(proxy, person, direct, () => {
      if (n % 2 === 0) proxy.forget();
      proxy.thaw();
    });
    seen.redAfterMs = Math.max(seen.redAfterMs, now.redAfterMs);
    seen.rightAfterMs = Math.max(seen.rightAfterMs, now.rightAfterMs);
  }
  return seen;
}

/** What the journal tells of the links: hubs of these homes that were not noticed in time, or seen to end without a reason. */
function against(links: readonly LinkChange[], { lost, bystanders }: Homes, frozenAt: number) {
  const of = ({ hubId }: Home) => links.filter((link) => link.hubId === hubId);
  const unnoticed = lost.filter(
    (home) =>
      !of(home).some(
        ({ kind, receivedAt, silentMs = 0 }) =>
          kind === 'down' && silentMs > 0 && receivedAt > frozenAt && receivedAt - silentMs <= frozenAt + 1_000,
      ),
  );
  return { unnoticed: unnoticed.length, ended: bystanders.filter((home) => of(home).length > 1).length };
}

type Seen = DeskSeen & {
  readonly detourMs: number;
  readonly lostAfterMs: ReadonlyMap<string, number>;
  readonly frozenAt: number;
  /** Before the hubs themselves said goodbye. */
  readonly endedAt: number;
};

/** The links die, what happens is watched, and they come back. */
async function play(
  hubs: HalfOpenHubs,
  owner: Person,
  desk: () => Promise<DeskSeen>,
  { frozenMs, say }: { readonly frozenMs: number; readonly say: FaultRun['say'] },
): Promise<Seen> {
  await hubs.settled();
  const frozenAt = Date.now();
  const losses = watchLosses(owner, frozenAt);
  const behindIt = desk();
  const detourMs = await hubs.freeze(DETECTED_WITHIN_MS);
  say(`back by another way after ${Math.round(detourMs)} ms`);
  const deskSeen = await behindIt;
  say(`a desk was red after ${Math.round(deskSeen.redAfterMs)} ms`);
  await pause(Math.max(0, frozenMs - (Date.now() - frozenAt)));
  hubs.thaw();
  await hubs.settled();
  losses.stop();
  const endedAt = Date.now();
  await hubs.stop();
  return { ...deskSeen, detourMs, lostAfterMs: losses.lostAfterMs, frozenAt, endedAt };
}

/** The alerts: a short form does not wait for the losses, but may have no false ones either. */
function lossesAgainst({ lost }: Homes, { lostAfterMs }: Seen, waited: boolean) {
  const homes = new Set(lost.map(({ householdId }) => householdId));
  const slowestMs = Math.max(...[...homes].map((id) => lostAfterMs.get(id) ?? Number.POSITIVE_INFINITY));
  const falseAlarms = [...lostAfterMs.keys()].filter((id) => !homes.has(id)).length;
  return {
    counts: waited ? { slowest_loss_ms: slowestMs, losses: lostAfterMs.size } : {},
    broken: brokenOf(
      [!waited || slowestMs <= DETECTED_WITHIN_MS + LOOK_MS, `a lost hub was an alert after ${slowestMs} ms only`],
      [falseAlarms === 0, `${falseAlarms} homes were said to be lost whose hubs were not`],
    ),
  };
}

async function outcomeOf(folder: string, ledger: string, homes: Homes, seen: Seen, size: FaultRun['size']) {
  const database = join(folder, 'shouwang.db');
  const verdict = await checkLedger(database, ledger);
  const links = (await linksIn(database)).filter(({ receivedAt }) => receivedAt < seen.endedAt);
  const { unnoticed, ended } = against(links, homes, seen.frozenAt);
  const waited = size === 'full';
  const losses = lossesAgainst(homes, seen, waited);
  const detourMs = Math.round(seen.detourMs);
  const redMs = Math.round(seen.redAfterMs);
  const rightMs = Math.round(seen.rightAfterMs);
  const { said, acked, ackedCritical, lost, doubled } = verdict;
  return {
    counts: {
      back_by_another_way_ms: detourMs,
      ...losses.counts,
      ...{ desk_red_ms: redMs, desk_right_ms: rightMs },
      ...{ said, acked, acked_critical: ackedCritical, lost, doubled },
    },
    broken: [
      ...losses.broken,
      ...brokenOf(
        [detourMs < DETECTED_WITHIN_MS, 'hubs with another way did not come back by it'],
        [unnoticed === 0, `${unnoticed} dead links were not noticed, or dated later than the last word over them`],
        [ended === 0, `${ended} hubs whose links nobody touched were cut off`],
        [redMs <= RED_WITHIN_MS, `a desk knew of its dead link after ${redMs} ms only`],
        [rightMs <= RED_WITHIN_MS, `a desk was right again after ${rightMs} ms only`],
        [acked === said, `${said} said, ${acked} acknowledged`],
        [verdict.kept, verdict.examples.join('; ')],
      ),
    ],
    ...(!waited && { notShown: ['that a lost hub is an alert within 3 min: only the full form waits that long'] }),
  };
}

async function run({ seed, size, count, say }: FaultRun): Promise<Outcome> {
  const { keepaliveSeconds, frozenMs, detoured, lost, desks, ...of } = sizes[size];
  const bystanders = count ?? of.bystanders;
  const system = await startFreshSystem();
  const [dumb, deaf] = [await tcpProxy({ port: system.mqttPort }), await tcpProxy({ port: system.mqttPort })];
  const web = await tcpProxy({ port: Number(new URL(system.httpUrl).port) });
  try {
    const behind = await logIn(`http://127.0.0.1:${web.port}`, system.ownerLink ?? '');
    const owner = personAt(system.httpUrl, behind.cookie);
    const { homes } = await registerHomes(owner, bystanders + detoured + lost);
    const groups = {
      bystanders: homes.slice(0, bystanders),
      detoured: homes.slice(bystanders, bystanders + detoured),
      lost: homes.slice(bystanders + detoured),
    };
    const ledger = join(system.dataDir, 'ledger.jsonl');
    const hubs = halfOpenHubs(
      { direct: system.mqttPort, dumb, deaf },
      {
        bystanders: hubLinesOf(groups.bystanders),
        detoured: hubLinesOf(groups.detoured),
        lost: hubLinesOf(groups.lost),
      },
      { keepaliveSeconds, ledger, dice: dice(`half-open ${seed}`) },
    );
    const seen = await play(hubs, owner, () => deskAgainAndAgain(web, behind, owner, desks), { frozenMs, say });
    await system.stop();
    return {
      load: { bystanders, detoured, lost, keepalive_s: keepaliveSeconds },
      faults: { links_frozen: detoured + lost, frozen_s: frozenMs / 1_000, desks },
      ...(await outcomeOf(system.dataDir, ledger, groups, seen, size)),
    };
  } finally {
    await Promise.all([dumb, deaf, web].map((proxy) => proxy.close()));
    await system.end();
  }
}

export const halfOpen: Fault = {
  name: 'half-open',
  happens: 'links die without a word between hubs and server, one way or both, and between desk and server',
  bar: 'a lost hub is an alert within 3 min, others come back by another way; nothing is acknowledged falsely or counted twice; a desk is red within 30 s, and right when the link is back',
  unavailable: playable,
  run,
};
