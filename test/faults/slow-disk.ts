import type { HubLine } from '../../device-sim/hubs-csv.ts';
import { type Latencies, latencies } from '../../device-sim/latency.ts';
import { runLoad } from '../../device-sim/load.ts';
import { temporaryFolder } from '../memory.ts';
import { type System, startSystem } from '../system.ts';
import { brokenOf, type Fault, type Size } from './fault.ts';
import { hubsOf, meddled, straceAvailable } from './recorded-system.ts';

/** Delay of each synchronisation, and for how long hubs speak. The first is for what tracing itself costs. */
const DELAYS_MS = [0, 50, 200, 1_000] as const;
const SIZES = {
  short: { hubs: 100, seconds: { 0: 2, 50: 2, 200: 3, 1000: 8 } },
  full: { hubs: 500, seconds: { 0: 20, 50: 30, 200: 60, 1000: 120 } },
} as const;
/** What is said first is not measured: the start makes the log, by three synchronisations one after the other. */
const UNMEASURED_DELAYS = 6;
const PER_SECOND = 50;
const CRITICAL_PER_MILLE = 200;
/** What one commit in flight and the next one with ours in it may take, and one more for what stands before them. */
const TIMES_THE_DELAY = 3;
/** A machine that is busy with other tests delays by itself; the full form is played on a quiet one. */
const LAG_MS: Record<Size, number> = { short: 500, full: 50 };
const SPARE_MS: Record<Size, number> = { short: 1_000, full: 50 };

type Run = {
  readonly delayMs: number;
  readonly criticals: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lagP99Ms: number;
  readonly unacked: number;
  readonly disconnected: number;
};

async function lagP99Ms({ httpUrl }: System): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]) * 1_000;
}

async function played(dataDir: string, hubs: readonly HubLine[], delayMs: number, seconds: number): Promise<Run> {
  const under = meddled(`fsync:delay_exit=${delayMs * 1_000}`);
  const system = await startSystem({ dataDir, under });
  const sentAt = new Map<string, number>();
  const times: Latencies = latencies();
  let criticals = 0;
  const from = performance.now() + UNMEASURED_DELAYS * delayMs;
  const load = runLoad({
    ...{ host: '127.0.0.1', port: system.mqttPort, hubs, rate: PER_SECOND },
    seconds: seconds + (UNMEASURED_DELAYS * delayMs) / 1_000,
    criticalPerMille: CRITICAL_PER_MILLE,
    drainMs: 60_000,
    onSend({ clientId }, _, seq, critical) {
      if (critical && performance.now() > from) sentAt.set(`${clientId} ${seq}`, performance.now());
    },
    onAck({ clientId }, _, seq, critical) {
      const sent = critical && sentAt.get(`${clientId} ${seq}`);
      if (!sent) return;
      criticals++;
      times.add(performance.now() - sent);
    },
  });
  // What the start itself took of the loop is not asked for; reading begins a new count.
  await lagP99Ms(system);
  const { unacked, dead } = await load;
  const lag = await lagP99Ms(system);
  await system.stop();
  return {
    ...{ delayMs, criticals, unacked, disconnected: dead },
    p50Ms: Math.round(times.quantile(0.5)),
    p99Ms: Math.round(times.quantile(0.99)),
    lagP99Ms: Math.round(lag),
  };
}

export const slowDisk: Fault = {
  name: 'slow-disk',
  happens: 'each synchronisation of the disk takes 50, 200, 1,000 ms',
  bar: 'emergencies acknowledged within 3 × that and what they take without it and 50 ms (p99), nobody disconnected, the event loop at most 50 ms behind (p99)',
  unavailable: straceAvailable,
  async run({ size, say }) {
    const { hubs: count, seconds } = SIZES[size];
    const folder = temporaryFolder();
    const first = await startSystem({ dataDir: folder.path });
    const { hubs } = await hubsOf(first, count);
    await first.stop();
    const runs: Run[] = [];
    for (const delayMs of DELAYS_MS) {
      const run = await played(folder.path, hubs, delayMs, seconds[delayMs]);
      say(JSON.stringify(run));
      runs.push(run);
    }
    folder.remove();
    const [undelayed, ...delayed] = runs;
    const ownMs = (undelayed?.p99Ms ?? 0) + SPARE_MS[size];
    const figures = runs.flatMap(({ delayMs, p50Ms, p99Ms, lagP99Ms }) => [
      [`criticalP50MsAt${delayMs}`, p50Ms],
      [`criticalP99MsAt${delayMs}`, p99Ms],
      [`loopLagP99MsAt${delayMs}`, lagP99Ms],
    ]);
    const sum = (field: 'criticals' | 'unacked' | 'disconnected') => runs.reduce((all, run) => all + run[field], 0);
    return {
      load: { hubs: count, perSecond: PER_SECOND, criticalPerMille: CRITICAL_PER_MILLE, criticals: sum('criticals') },
      faults: { delays: delayed.length },
      counts: { ...Object.fromEntries(figures), unacked: sum('unacked'), disconnected: sum('disconnected') },
      broken: brokenOf(
        [sum('unacked') === 0, `${sum('unacked')} messages were never acknowledged`],
        [sum('disconnected') === 0, `${sum('disconnected')} hubs were disconnected`],
        ...delayed.flatMap(({ delayMs, p50Ms, p99Ms, lagP99Ms }): (readonly [boolean, string])[] => [
          [
            p99Ms <= TIMES_THE_DELAY * delayMs + ownMs,
            `at ${delayMs} ms an emergency took ${p99Ms} ms (p99), more than ${TIMES_THE_DELAY} × the delay + ${ownMs} ms`,
          ],
          [p50Ms >= delayMs, `at ${delayMs} ms a PUBACK took ${p50Ms} ms (p50): the disk was not delayed`],
          [lagP99Ms <= LAG_MS[size], `at ${delayMs} ms the event loop was ${lagP99Ms} ms behind (p99)`],
        ]),
      ),
    };
  },
};
