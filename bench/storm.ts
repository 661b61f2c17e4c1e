import { join } from 'node:path';
import { type LoadResult, runLoad } from '../device-sim/load.ts';
import { brokenOf } from '../test/faults/fault.ts';
import { logIn } from '../test/person.ts';
import { type System, startFreshSystem } from '../test/system.ts';
import { openBehind } from './behind.ts';
import { type Bench, type BenchRun, deskFigures, loadMissed, rounded } from './bench.ts';
import { openPresses } from './press.ts';
import { registerHubs } from './register.ts';
import { serve } from './serve-door.ts';

const HUBS = 500;
const BAR = { perSecond: 25_000, ratio: 0.5, behindMs: 5_000, deskP99Ms: 500 };

/** As fast as a window of 8 allows, against a broker that keeps nothing. */
async function plainAedes(seconds: number): Promise<LoadResult> {
  const server = await serve('./plain-aedes.ts');
  const hubs = Array.from({ length: HUBS }, (_, i) => ({
    ...{ clientId: `hub-${i}`, username: `hub-${i}`, password: 'none', topic: `sw/hub-${i}/up` },
  }));
  const load = await runLoad({ host: '127.0.0.1', port: server.port, hubs, rate: 0, seconds });
  await server.end('SIGTERM');
  return load;
}

/** How far the processor was behind, and how long it took to come level, ms. */
async function drained({ dataDir }: System): Promise<{ behindMs: number; levelAfterMs: number }> {
  const from = performance.now();
  const behind = openBehind(join(dataDir, 'shouwang.db'));
  const behindMs = await behind.ms();
  await behind.level(300_000);
  await behind.close();
  return { behindMs, levelAfterMs: Math.round(performance.now() - from) };
}

async function shouwang({ seconds, say }: BenchRun) {
  const system = await startFreshSystem();
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const [pressed, ...hubs] = await registerHubs(owner, HUBS + 1);
  if (!pressed) throw new Error('no hub was registered');
  const presses = await openPresses(system, owner, pressed);
  const where = { host: '127.0.0.1', port: system.mqttPort, hubs, rate: 0, criticalPerMille: 10 };
  const load = await runLoad({ ...where, seconds });
  const behind = await drained(system);
  say(`${load.rate}/s; now the same with a desk`);
  const ended = new AbortController();
  const pressing = presses.until(ended.signal);
  const beside = await runLoad({ ...where, seconds });
  ended.abort();
  const desk = await pressing;
  await presses.close();
  await system.end();
  return { load, beside, behind, desk };
}

/** As many as come: every hub sends again as soon as it is answered. */
export const storm: Bench = {
  name: 'storm',
  measures: `${HUBS} hubs, 8 in flight each, as fast as possible, 1 % of them life-critical, everything on`,
  bar: `≥ ${BAR.perSecond} messages/s on disk (aim 40,000) and ≥ ${BAR.ratio} of plain aedes in the same run, processor ≤ ${BAR.behindMs / 1_000} s behind at the end, button to desk p99 ≤ ${BAR.deskP99Ms} ms`,
  seconds: 20,
  unavailable: () => null,
  async run(run) {
    const plain = await plainAedes(run.seconds);
    run.say(`plain aedes: ${plain.rate}/s`);
    const { load, beside, behind, desk } = await shouwang(run);
    const ratio = rounded(load.rate / plain.rate, 2);
    return {
      figures: {
        'messages/s on disk': load.rate,
        'plain aedes messages/s': plain.rate,
        ratio,
        'PUBACK p50 ms': rounded(load.p50_ms),
        'PUBACK p99 ms': rounded(load.p99_ms),
        'processor behind ms': behind.behindMs,
        'level after ms': behind.levelAfterMs,
        'messages/s beside the desk': beside.rate,
        ...deskFigures(desk),
        unacknowledged: load.unacked,
      },
      missed: [
        // The rate is as many as come: what it must be is said by the bar.
        ...[load, beside].flatMap((it) => loadMissed(it, 0)),
        ...brokenOf(
          [Math.min(load.rate, beside.rate) >= BAR.perSecond, `${load.rate} and ${beside.rate} messages/s`],
          [ratio >= BAR.ratio, `${ratio} of plain aedes`],
          [behind.behindMs <= BAR.behindMs, `the processor was ${behind.behindMs} ms behind`],
          [desk.quantile(0.99) <= BAR.deskP99Ms, `button to desk p99 ${rounded(desk.quantile(0.99))} ms`],
        ),
      ],
    };
  },
};
