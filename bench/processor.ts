/**
 * How fast one core decodes and judges: journal entries in memory through decoding, duplicates, rules and series, without the store.
 * `node --expose-gc bench/processor.ts [homes] [messages]`
 */
import { vitalLimits, watchSettings } from '../domain/household.ts';
import { takeCheckpoint } from '../ingest/checkpoint.ts';
import { decode } from '../ingest/decoders/registry.ts';
import { ruleset } from '../ingest/household.ts';
import { rules } from '../ingest/rules/registry.ts';
import { type Entry, newTown, registerIn, takeTurn } from '../ingest/town.ts';
import type { Turn } from '../store/processor.ts';

const homes = Number(process.argv[2] ?? 10_000);
const messages = Number(process.argv[3] ?? 400_000);
const startedAt = Date.UTC(2026, 2, 1, 0);
const settings = watchSettings.parse({});
const limits = vitalLimits.parse({});
const spoken = [
  ['hall', 'motion', true],
  ['bath', 'motion', true],
  ['front', 'open', true],
  ['front', 'open', false],
  ['kitchen', 'temperature', 21.5],
  ['watch', 'heart_rate', 72],
] as const;

const memory = (): number => {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
};

const lease = { name: 'partition 0', owner: 'bench', fence: 1 };
const empty = memory();
const town = newTown(ruleset(rules), decode, { number: 0, of: 1 });
for (let n = 0; n < homes; n++) {
  registerIn(town, {
    householdId: `household-${n}`,
    mode: 'live',
    settings,
    residents: [{ id: `resident-${n}`, limits }],
    hubs: [{ id: `hub-${n}`, power: 'mains', ecosystem: 'shouwang' }],
    devices: [],
  });
}
const registered = memory();

/** Of this thread: other work on the machine is none of ours. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

let number = 0;
let turnNumber = 0;
let last: Turn | null = null;
function turn(entries: Entry[], at: number): number {
  const next: Turn = { number: ++turnNumber, at, watchingSince: startedAt, linksSince: startedAt, cut: { a: number } };
  const began = cpuMs();
  takeTurn(town, next, last, entries);
  last = next;
  return cpuMs() - began;
}

const times = (at: number) => ({ receivedAt: at, monotonicAt: at - startedAt });
const ups: Entry[] = Array.from({ length: homes }, (_, n) => ({
  entry: { kind: 'up', hubId: `hub-${n}`, epoch: 1, ...times(startedAt) },
  position: { stream: 'a', number: ++number },
}));
turn(ups, startedAt + 1);

const seqs = new Uint32Array(homes);
function message(n: number, at: number): Entry {
  const home = n % homes;
  const [device, kind, value] = spoken[Math.floor(n / homes) % spoken.length] ?? spoken[0];
  const seq = seqs[home] ?? 0;
  seqs[home] = seq + 1;
  const body = { boot: 'b-1', seq, ts: at, sent: at, readings: [{ device, kind, value }] };
  return {
    entry: {
      ...{ kind: 'packet', hubId: `hub-${home}`, topic: `sw/hub-${home}/up`, qos: 1, retain: false },
      ...times(at),
      payload: Buffer.from(JSON.stringify(body)),
    },
    position: { stream: 'a', number: ++number },
  };
}

const batch = 20_000;
let spentMs = 0;
let checkpointMs = 0;
let at = startedAt + 1_000;
for (let n = 0; n < messages; n += batch) {
  const entries = Array.from({ length: batch }, (_, i) => message(n + i, at));
  at += 1_000;
  spentMs += turn(entries, at);
  const began = cpuMs();
  if (last && (n / batch) % 5 === 4) takeCheckpoint(town, lease, last, false);
  checkpointMs += cpuMs() - began;
}
if (last) takeCheckpoint(town, lease, last, false);
const lived = memory();
const jsonBytes = [...town.states.values()].reduce((sum, state) => sum + JSON.stringify(state).length, 0);
console.log(
  JSON.stringify({
    homes,
    messages,
    messagesPerSecond: Math.round(messages / (spentMs / 1_000)),
    withCheckpointsPerSecond: Math.round(messages / ((spentMs + checkpointMs) / 1_000)),
    registryBytesAHome: Math.round((registered - empty) / homes),
    stateBytesAHome: Math.round((lived - registered) / homes),
    jsonBytesAHome: Math.round(jsonBytes / homes),
  }),
);
