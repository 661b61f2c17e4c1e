import { join } from 'node:path';
import fc from 'fast-check';
import { dice } from '../../device-sim/dice.ts';
import type { HouseholdFile } from '../../web/wire/household.ts';
import { temporaryFolder } from '../memory.ts';
import { logIn, type Person, registerHomes } from '../person.ts';
import { startSystem, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { innocentHub } from './innocent-hub.ts';
import { type Attack, dripping, halfOpen, hubComes, strangerComes } from './mutated-packets/attack.ts';
import type { Credential } from './mutated-packets/seeds.ts';
import { stammer } from './mutated-packets/stammer.ts';
import { payloads } from './nasty-json.ts';
import { readThrough } from './readable-journal.ts';
import { type Watched, watchProcess } from './watched-process.ts';

const BYSTANDERS = 5;
const MAD_HUBS = 12;
const STRANGERS = 24;

const scale = {
  short: {
    ...{ packets: 20_000, halfOpen: 2_000, drips: 5, stammers: 16, payloads: 2_000 },
    // The memory of a young process still grows into its room; what the bar says is the full run's to show.
    ...{ mostRssMb: 1_024, growth: 2, p99Ms: 10_000 },
  },
  full: {
    ...{ packets: 1_000_000, halfOpen: 10_000, drips: 20, stammers: 200, payloads: 20_000 },
    ...{ mostRssMb: 512, growth: 1.2, p99Ms: 1_000 },
  },
} as const;

type Home = Credential & { readonly householdId: string };
type Cast = {
  readonly innocent: Home;
  readonly stammerer: Home;
  readonly bystanders: readonly Home[];
  readonly mad: readonly Credential[];
};

/** Of the mad ones, each home has a hub of ours and one that runs Zigbee2MQTT. */
async function cast(owner: Person): Promise<Cast> {
  const { homes } = await registerHomes(owner, 2 + BYSTANDERS + MAD_HUBS / 2);
  const [innocent, stammerer, ...others] = homes;
  if (!innocent || !stammerer) throw new Error('homes were registered');
  const mad: Credential[] = [];
  for (const home of others.slice(BYSTANDERS)) {
    const hub = { clientId: `zigbee-${home.clientId}`, ecosystem: 'zigbee2mqtt', power: 'mains' };
    mad.push(home, await owner.post<Credential>(`/households/${home.householdId}/hubs`, hub));
  }
  return { innocent, stammerer, bystanders: others.slice(0, BYSTANDERS), mad };
}

const fileOf = async (owner: Person, { householdId }: Home): Promise<HouseholdFile> => {
  const file = await owner.get<HouseholdFile>(`/households/${householdId}`);
  return { ...file, serverAt: 0 };
};

/** Strangers and mad hubs come and go until so many packets have been sent. */
async function storm(attack: Attack, mad: readonly Credential[], over: () => boolean): Promise<void> {
  const keepComing = async (come: () => Promise<void>): Promise<void> => {
    while (!over()) await come();
  };
  await Promise.all([
    ...Array.from({ length: STRANGERS }, () => keepComing(() => strangerComes(attack))),
    ...mad.map((credential) => keepComing(() => hubComes(attack, credential))),
  ]);
}

/** What is left of the memory when it has had time to calm down. */
async function calmRss(watched: Watched, calmMb: number, withinMs: number): Promise<number> {
  await until('the memory to come back', () => watched.rssMb() <= calmMb, withinMs).catch(() => null);
  return watched.rssMb();
}

async function run({ seed, size, count, say }: FaultRun): Promise<Outcome> {
  const { packets, ...of } = { ...scale[size], ...(count !== null && { packets: count }) };
  const folder = temporaryFolder();
  const system = await startSystem({ dataDir: folder.path });
  const watched = watchProcess(system);
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const { innocent, stammerer, bystanders, mad } = await cast(owner);
  const before = await Promise.all(bystanders.map((home) => fileOf(owner, home)));

  let sent = 0;
  const attack: Attack = {
    port: system.mqttPort,
    dice: dice(seed),
    payloads: fc.sample(payloads, { seed, numRuns: of.payloads }) as [Buffer, ...Buffer[]],
    imitated: innocent,
    count: (n) => {
      if (Math.floor(sent / 50_000) < Math.floor((sent + n) / 50_000))
        say(`${sent + n} packets, ${watched.rssMb()} MB`);
      sent += n;
    },
  };
  const over = (share: number) => () => watched.ended() || sent >= packets * share;
  const hub = await innocentHub(system.mqttPort, innocent);
  await storm(attack, mad, over(0.2));
  const warmMb = watched.rssMb();
  const warmSent = sent;
  const from = performance.now();
  const [stammered, drips, half] = await Promise.all([
    stammer(system.mqttPort, stammerer, { times: of.stammers, everyMs: 50 }),
    Promise.all(Array.from({ length: of.drips }, () => dripping(attack))),
    halfOpen(attack, mad[0] ?? innocent, of.halfOpen),
    storm(attack, mad.slice(1), over(1)),
  ]);
  const perSecond = Math.round((sent - warmSent) / ((performance.now() - from) / 1_000));
  say(`${sent} packets at ${perSecond}/s`);
  const innocence = await hub.stop();

  const innocentFile = await until('the button to be known', async () => {
    const file = await fileOf(owner, innocent);
    return file.openAlerts[0]?.occurrences === innocence.pressed && file;
  }).catch(() => fileOf(owner, innocent));
  const stammererFile = await fileOf(owner, stammerer);
  const after = await Promise.all(bystanders.map((home) => fileOf(owner, home)));
  const calmMb = await calmRss(watched, warmMb * of.growth, size === 'full' ? 300_000 : 10_000);
  const exit = await system.stop();
  const { packets: journalled, different, households } = await readThrough(join(folder.path, 'shouwang.db'));
  const again = await startSystem({ dataDir: folder.path });
  const exitAgain = await again.stop();
  watched.stop();
  folder.remove();

  const devices = innocentFile.devices.map(({ key }) => key).sort();
  const pressedOnRecord = innocentFile.openAlerts[0]?.occurrences ?? 0;
  const unreadable = stammererFile.openAlerts.filter(({ category }) => category === 'unreadable');
  const unreadableOnRecord = unreadable.reduce((sum, { occurrences }) => sum + occurrences, 0);
  const longestDripMs = Math.round(Math.max(...drips));
  const mistakes = watched.mistakes();
  const errors = [...watched.errors()].map(([text, times]) => `${times} × ${text}`);
  return {
    load: { strangers: STRANGERS, madHubs: mad.length, innocentPerSecond: 10 },
    faults: { packets: sent, halfOpenDeliveries: of.halfOpen, drippingSockets: of.drips },
    counts: {
      ...{ perSecond, journalled, innocentSaid: innocence.said, innocentAcked: innocence.acked },
      ...{ innocentPressed: innocence.pressed, innocentP99Ms: innocence.p99Ms, unreadable: unreadableOnRecord },
      ...{ mostRssMb: watched.mostRssMb(), warmRssMb: warmMb, calmRssMb: calmMb, replayedHouseholds: households },
      longestDripMs,
    },
    broken: brokenOf(
      [exit === 0 && exitAgain === 0, `the process ended with ${exit}, and after another start with ${exitAgain}`],
      [mistakes.length === 0, `the log tells of mistakes of our own: ${mistakes.join(' | ')}`],
      [errors.length === 0, `the log tells of errors: ${errors.join(' | ')}`],
      [watched.mostRssMb() <= of.mostRssMb, `memory rose to ${watched.mostRssMb()} MB`],
      [calmMb <= warmMb * of.growth, `memory stayed at ${calmMb} MB, after ${warmMb} MB when all had begun`],
      [innocence.cutOff === 0, `the innocent hub was cut off ${innocence.cutOff} times`],
      [innocence.acked === innocence.said, `${innocence.said - innocence.acked} of its messages were not acknowledged`],
      [innocence.p99Ms <= of.p99Ms, `it waited ${innocence.p99Ms} ms for an acknowledgement (p99)`],
      [
        innocentFile.openAlerts.length === 1 && pressedOnRecord === innocence.pressed,
        `it pressed its button ${innocence.pressed} times, of which ${pressedOnRecord} are on record`,
      ],
      [devices.join() === 'button,hall', `its home has the devices ${devices.join()}`],
      [JSON.stringify(after) === JSON.stringify(before), 'a home changed whose hub never said a word'],
      [
        unreadableOnRecord === stammered,
        `${stammered} emergencies could not be read, of which ${unreadableOnRecord} are on record`,
      ],
      [half === of.halfOpen, `of ${of.halfOpen} deliveries of QoS 2 only ${half} were received`],
      [longestDripMs <= 12_000, `a client that dripped its CONNECT was borne for ${longestDripMs} ms`],
      [different.length === 0, `a replay gives ${different.length} households another state`],
    ),
  };
}

export const mutatedPackets: Fault = {
  name: 'mutated-packets',
  happens: 'a million broken, lying and malicious MQTT packets, from strangers and from hubs with a key',
  bar: 'no exit, no error of our own, memory bounded, an innocent hub beside them notices nothing, what cannot be read on an emergency topic is an alert of its own home',
  unavailable: playable,
  run,
};
