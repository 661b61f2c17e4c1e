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
import { halfOpenHubs } from './half-open-hubs.ts';
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

/** Asks again what was not answered: a browser, too, may have sent it over a connection that is dead without its knowing. */
const patient = (person: Person): Person => ({
  ...person,
  async get<T>(path: string): Promise<T> {
    for (;;) {
      const late = pause(PATIENCE_MS, null, { ref: false });
      const answer = await Promise.race([person.get<T>(path).catch(() => null), late]);
      if (answer !== null) return answer;
    }
  },
});

type DeskSeen = { redAfterMs: number; rightAfterMs: number };

/** A desk whose way to the server dies: when it says so, and when it shows again what the database holds. */
async function deskBehind(proxy: TcpProxy, person: Person, direct: Person, heal: () => void): Promise<DeskSeen> {
  const desk = openDesk(patient(person), `http://127.0.0.1:${proxy.port}`, dice('desk'));
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
function against(
  links: readonly LinkChange[],
  { lost, bystanders }: { readonly lost: readonly Home[]; readonly bystanders: readonly Home[] },
  frozenAt: number,
) {
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
    await hubs.settled();

    const frozenAt = Date.now();
    const losses = watchLosses(owner, frozenAt);
    const behindIt = deskAgainAndAgain(web, behind, owner, desks);
    const detourMs = await hubs.freeze(DETECTED_WITHIN_MS);
    say(`back by another way after ${Math.round(detourMs)} ms`);
    const { redAfterMs, rightAfterMs } = await behindIt;
    say(`a desk was red after ${Math.round(redAfterMs)} ms, right after ${Math.round(rightAfterMs)} ms`);
    await pause(Math.max(0, frozenMs - (Date.now() - frozenAt)));
    hubs.thaw();
    await hubs.settled();
    losses.stop();
    const endedAt = Date.now();
    await hubs.stop();
    await system.stop();

    const database = join(system.dataDir, 'shouwang.db');
    const verdict = await checkLedger(database, ledger);
    const before = (await linksIn(database)).filter(({ receivedAt }) => receivedAt < endedAt);
    const { unnoticed, ended } = against(before, groups, frozenAt);
    const lostHomes = new Set(groups.lost.map(({ householdId }) => householdId));
    const falseAlarms = [...losses.lostAfterMs.keys()].filter((id) => !lostHomes.has(id)).length;
    const detected = [...lostHomes].map((id) => losses.lostAfterMs.get(id) ?? Number.POSITIVE_INFINITY);
    const limit = DETECTED_WITHIN_MS + LOOK_MS;
    const waited = size === 'full';
    return {
      load: { bystanders, detoured, lost, keepalive_s: keepaliveSeconds },
      faults: { links_frozen: detoured + lost, frozen_s: frozenMs / 1_000, desks },
      counts: {
        back_by_another_way_ms: Math.round(detourMs),
        ...(waited && { slowest_loss_ms: Math.max(...detected), losses: losses.lostAfterMs.size }),
        desk_red_ms: Math.round(redAfterMs),
        desk_right_ms: Math.round(rightAfterMs),
        said: verdict.said,
        acked: verdict.acked,
        acked_critical: verdict.ackedCritical,
        lost: verdict.lost,
        doubled: verdict.doubled,
      },
      broken: brokenOf(
        [detourMs < DETECTED_WITHIN_MS, 'hubs with another way did not come back by it'],
        [unnoticed === 0, `${unnoticed} dead links were not noticed, or dated later than the last word over them`],
        [!waited || Math.max(...detected) <= limit, `a lost hub was an alert after ${Math.max(...detected)} ms only`],
        [falseAlarms === 0, `${falseAlarms} homes were said to be lost whose hubs were not`],
        [ended === 0, `${ended} hubs whose links nobody touched were cut off`],
        [redAfterMs <= RED_WITHIN_MS, `a desk knew of its dead link after ${Math.round(redAfterMs)} ms only`],
        [rightAfterMs <= RED_WITHIN_MS, `a desk was right again after ${Math.round(rightAfterMs)} ms only`],
        [verdict.kept && verdict.acked === verdict.said, `${verdict.said} said, ${verdict.acked} acknowledged`],
        [verdict.kept, verdict.examples.join('; ')],
      ),
      ...(!waited && { notShown: ['that a lost hub is an alert within 3 min: only the full form waits that long'] }),
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
