import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import type { HubLine } from './hubs-csv.ts';
import { type Latencies, latencies } from './latency.ts';
import { LoadClient } from './load-client.ts';

export type LoadOptions = {
  readonly host: string;
  readonly port: number;
  readonly hubs: readonly HubLine[];
  /** Messages a second over all hubs; 0: as fast as the window allows. */
  readonly rate: number;
  readonly seconds: number;
  /** Messages in flight per hub, at most 1,024. */
  readonly window?: number;
  /** Of a thousand messages, so many press the emergency button. */
  readonly criticalPerMille?: number;
  /** Dial again when the server is gone and send again what it never acknowledged; else a lost connection is dead. */
  readonly reconnect?: boolean;
  /** `Infinity`: all at once. */
  readonly connectsPerSecond?: number;
  /** Over TLS, with what node:tls needs to trust the server. */
  readonly tls?: ConnectionOptions;
  /** Messages that each hub has kept for the moment when it is let in, within its window. */
  readonly kept?: number;
  readonly onAck?: (hub: HubLine, boot: string, seq: number, critical: boolean, ms: number) => void;
  readonly onSend?: (hub: HubLine, boot: string, seq: number, critical: boolean) => void;
  /** How long what is in flight is waited for at the end. */
  readonly drainMs?: number;
  /** Ends the load before its time; what is in flight is still waited for. */
  readonly signal?: AbortSignal;
};

export type LoadResult = {
  readonly clients: number;
  readonly connected: number;
  /** Until all were let in, or the time for it was over. */
  readonly connect_s: number;
  readonly published: number;
  readonly acked: number;
  readonly unacked: number;
  readonly seconds: number;
  /** Acknowledged messages a second while it was publishing. */
  readonly rate: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
  /** The longest that an emergency waited for its acknowledgement. */
  readonly critical_max_ms: number;
  readonly dead: number;
};

const DRAIN_MS = 10_000;
const CONNECT_MS = 60_000;

async function connectAll(clients: readonly LoadClient[], perSecond: number): Promise<void> {
  const begun = performance.now();
  let dialled = 0;
  while (clients.some(({ state }) => state === 'dialling' || state === 'idle')) {
    const elapsed = performance.now() - begun;
    if (elapsed > CONNECT_MS) break;
    for (const due = (elapsed / 1_000) * perSecond + 1; dialled < due && dialled < clients.length; dialled++)
      clients[dialled]?.dial();
    await pause(2);
  }
}

/** Fills every window again and again: publishing happens where acknowledgements come in, so here is only the first push. */
async function flatOut(clients: readonly LoadClient[], until: AbortSignal): Promise<void> {
  for (const client of clients) client.keepFull(true);
  await new Promise<void>((resolve) => until.addEventListener('abort', () => resolve(), { once: true }));
  for (const client of clients) client.keepFull(false);
}

/** Publishes what is due by the clock, hub after hub; a hub whose window is full is passed over. */
async function paced(clients: readonly LoadClient[], rate: number, until: AbortSignal): Promise<void> {
  const begun = performance.now();
  let published = 0;
  let next = 0;
  while (!until.aborted) {
    const due = ((performance.now() - begun) / 1_000) * rate;
    for (let passed = 0; published < due && passed < clients.length; next = (next + 1) % clients.length) {
      const sent = clients[next]?.publish(1) ?? 0;
      published += sent;
      passed = sent > 0 ? 0 : passed + 1;
    }
    await pause(1);
  }
}

function quantilesOf(times: Latencies): Pick<LoadResult, 'p50_ms' | 'p95_ms' | 'p99_ms' | 'p999_ms'> {
  const ms = (q: number): number => Number(times.quantile(q).toFixed(2));
  return { p50_ms: ms(0.5), p95_ms: ms(0.95), p99_ms: ms(0.99), p999_ms: ms(0.999) };
}

/** Plays N hubs that publish QoS 1, and tells how many acknowledgements came and when. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const boot = randomBytes(4).toString('hex');
  const times = latencies();
  const onAck = options.onAck ?? (() => {});
  const onSend = options.onSend ?? (() => {});
  let published = 0;
  let acked = 0;
  let criticalMaxMs = 0;
  const clients = options.hubs.map(
    (hub, index) =>
      new LoadClient({
        index,
        host: options.host,
        port: options.port,
        hub,
        boot,
        window: Math.min(options.window ?? 8, 1_024),
        criticalPerMille: options.criticalPerMille ?? 0,
        reconnect: options.reconnect ?? false,
        tls: options.tls ?? null,
        kept: options.kept ?? 0,
        onSend(seq, critical) {
          published++;
          onSend(hub, boot, seq, critical);
        },
        onAck(seq, critical, ms) {
          acked++;
          times.add(ms);
          if (critical) criticalMaxMs = Math.max(criticalMaxMs, ms);
          onAck(hub, boot, seq, critical, ms);
        },
      }),
  );

  const dialledAt = performance.now();
  await connectAll(clients, options.connectsPerSecond ?? 2_000);
  const begun = performance.now();
  const ready = clients.filter(({ state }) => state === 'ready').length;

  const until = AbortSignal.any([
    AbortSignal.timeout(options.seconds * 1_000),
    ...(options.signal ? [options.signal] : []),
  ]);
  setMaxListeners(0, until);
  if (options.rate > 0) await paced(clients, options.rate, until);
  else await flatOut(clients, until);
  const seconds = (performance.now() - begun) / 1_000;
  const ackedInTime = acked;

  const drainUntil = performance.now() + (options.drainMs ?? DRAIN_MS);
  while (acked < published && performance.now() < drainUntil && clients.some(({ state }) => state !== 'dead'))
    await pause(5);
  const dead = clients.filter(({ state }) => state === 'dead').length;
  for (const client of clients) client.close();

  return {
    clients: clients.length,
    connected: ready,
    connect_s: Number(((begun - dialledAt) / 1_000).toFixed(2)),
    published,
    acked,
    unacked: published - acked,
    seconds: Number(seconds.toFixed(2)),
    rate: Math.round(ackedInTime / seconds),
    ...quantilesOf(times),
    critical_max_ms: Number(criticalMaxMs.toFixed(2)),
    dead,
  };
}
