import { join } from 'node:path';
import fc from 'fast-check';
import { dice } from '../../device-sim/dice.ts';
import type { HouseholdFile } from '../../web/wire/household.ts';
import { temporaryFolder } from '../memory.ts';
import { logIn, type Person, registerHomes } from '../person.ts';
import { type System, startSystem, until } from '../system.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';
import { innocentHub } from './innocent-hub.ts';
import { type Attack, dripping, halfOpen, hubComes, strangerComes } from './mutated-packets/attack.ts';
import type { Credential } from './mutated-packets/seeds.ts';
import { stammer } from './mutated-packets/stammer.ts';
import { payloads } from './nasty-json.ts';
import { readThrough } from './readable-journal.ts';
import { ALL_ROLES_MOST_MB } from './sampler.ts';
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
    ...{ mostRssMb: ALL_ROLES_MOST_MB, growth: 1.2, p99Ms: 1_000 },
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
async function castOf(owner: Person): Promise<Cast> {
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

type Scene = {
  readonly run: FaultRun;
  readonly of: (typeof scale)[FaultRun['size']] & { readonly packets: number };
  readonly system: System;
  readonly watched: Watched;
  readonly cast: Cast;
};

/** The storm with all that stands in it, from the first packet to the last answer. */
async function played({ run: { seed, say }, of, system, watched, cast: { innocent, stammerer, mad } }: Scene) {
  let sent = 0;
  const attack: Attack = {
    port: system.mqttPort,
    dice: dice(seed),
    payloads: fc.sample(payloads, { seed, numRuns: of.payloads }) as [Buffer, ...Buffer[]],
    imitated: innocent,
    count: (n) => {
      if (Math.floor(sent / 50_000) < Math.floor((sent + n) / 50_000)) say(`${sent} packets, ${watched.rssMb()} MB`);
      sent += n;
    },
  };
  const over = (share: number) => () => watched.ended() || sent >= of.packets * share;
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
  const longestDripMs = Math.round(Math.max(...drips));
  return { sent, perSecond, warmMb, stammered, longestDripMs, half, innocence: await hub.stop() };
}
type Played = Awaited<ReturnType<typeof played>>;

/** What is on record of it all, first by the API, then with the process gone. */
async function recorded(
  { run: { size }, of, system, watched, cast }: Scene,
  owner: Person,
  { warmMb, innocence }: Played,
) {
  const innocentFile = await until('the presses to be on record', async () => {
    const file = await fileOf(owner, cast.innocent);
    // What a sensor shows itself to be is kept with the next checkpoint.
    return file.openAlerts[0]?.occurrences === innocence.pressed && file.devices.length > 1 && file;
  }).catch(() => fileOf(owner, cast.innocent));
  const { openAlerts } = await fileOf(owner, cast.stammerer);
  const unreadable = openAlerts.filter(({ category }) => category === 'unreadable');
  const bystanders = await Promise.all(cast.bystanders.map((home) => fileOf(owner, home)));
  const calmMb = await calmRss(watched, warmMb * of.growth, size === 'full' ? 300_000 : 10_000);
  const exits = [await system.stop()];
  const journal = await readThrough(join(system.dataDir, 'shouwang.db'));
  exits.push(await (await startSystem({ dataDir: system.dataDir })).stop());
  return {
    ...{ bystanders, calmMb, exits, journal },
    innocentDevices: innocentFile.devices.map(({ key }) => key).sort(),
    innocentAlerts: innocentFile.openAlerts.length,
    presses: innocentFile.openAlerts[0]?.occurrences ?? 0,
    unreadable: unreadable.reduce((sum, { occurrences }) => sum + occurrences, 0),
  };
}
type Recorded = Awaited<ReturnType<typeof recorded>>;

function brokenBy({ of, watched }: Scene, before: readonly HouseholdFile[], did: Played, found: Recorded): string[] {
  const { innocence, warmMb, longestDripMs, half, stammered } = did;
  const { calmMb, exits, innocentDevices, presses, unreadable, journal } = found;
  const mistakes = watched.mistakes();
  const errors = [...watched.errors()].map(([text, times]) => `${times} × ${text}`);
  const onceMore = innocence.said - innocence.acked;
  return brokenOf(
    [exits.every((exit) => exit === 0), `the process ended with ${exits[0]}, and after another start with ${exits[1]}`],
    [mistakes.length === 0, `the log tells of mistakes of our own: ${mistakes.join(' | ')}`],
    [errors.length === 0, `the log tells of errors: ${errors.join(' | ')}`],
    [watched.mostRssMb() <= of.mostRssMb, `memory rose to ${watched.mostRssMb()} MB`],
    [calmMb <= warmMb * of.growth, `memory stayed at ${calmMb} MB, after ${warmMb} MB when all had begun`],
    [innocence.cutOff === 0, `the innocent hub was cut off ${innocence.cutOff} times`],
    [onceMore === 0, `${onceMore} of its messages were not acknowledged`],
    [innocence.p99Ms <= of.p99Ms, `it waited ${innocence.p99Ms} ms for an acknowledgement (p99)`],
    [
      found.innocentAlerts === 1 && presses === innocence.pressed,
      `it pressed its button ${innocence.pressed} times, of which ${presses} are on record`,
    ],
    [innocentDevices.join() === 'button,hall', `its home has the devices ${innocentDevices.join()}`],
    [JSON.stringify(found.bystanders) === JSON.stringify(before), 'a home changed whose hub never said a word'],
    [unreadable === stammered, `${stammered} emergencies could not be read, of which ${unreadable} are on record`],
    [half === of.halfOpen, `of ${of.halfOpen} deliveries of QoS 2 only ${half} were received`],
    [longestDripMs <= 12_000, `a client that dripped its CONNECT was borne for ${longestDripMs} ms`],
    [journal.households > 0 && journal.packets > 0, 'nothing of it is in the journal, or no home was judged'],
    [journal.different.length === 0, `a replay gives ${journal.different.length} households another state`],
  );
}

async function run(asked: FaultRun): Promise<Outcome> {
  const folder = temporaryFolder();
  const system = await startSystem({ dataDir: folder.path });
  const watched = watchProcess(system);
  try {
    return await outcomeOf(asked, system, watched);
  } finally {
    watched.stop();
    await system.stop();
    folder.remove();
  }
}

async function outcomeOf(asked: FaultRun, system: System, watched: Watched): Promise<Outcome> {
  const of = { ...scale[asked.size], ...(asked.count !== null && { packets: asked.count }) } as Scene['of'];
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const scene: Scene = { run: asked, of, system, watched, cast: await castOf(owner) };
  const before = await Promise.all(scene.cast.bystanders.map((home) => fileOf(owner, home)));
  const did = await played(scene);
  const found = await recorded(scene, owner, did);

  const { sent, perSecond, innocence, warmMb, longestDripMs } = did;
  const { journal, unreadable, calmMb } = found;
  return {
    load: { strangers: STRANGERS, madHubs: scene.cast.mad.length, innocentPerSecond: 10 },
    faults: { packets: sent, halfOpenDeliveries: of.halfOpen, drippingSockets: of.drips },
    counts: {
      ...{ perSecond, journalled: journal.packets, replayedHouseholds: journal.households },
      ...{ innocentSaid: innocence.said, innocentAcked: innocence.acked, innocentPressed: innocence.pressed },
      ...{ innocentP99Ms: innocence.p99Ms, unreadable, longestDripMs },
      ...{ mostRssMb: watched.mostRssMb(), warmRssMb: warmMb, calmRssMb: calmMb },
    },
    broken: brokenBy(scene, before, did, found),
  };
}

export const mutatedPackets: Fault = {
  name: 'mutated-packets',
  happens: 'a million broken, lying and malicious MQTT packets, from strangers and from hubs with a key',
  bar: 'no exit, no error of our own, 768 MB at most and soon back to what it held when all had begun, an innocent hub beside them notices nothing, what cannot be read on an emergency topic is an alert of its own home',
  unavailable: playable,
  run,
};
