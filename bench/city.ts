import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HubLine } from '../device-sim/hubs-csv.ts';
import { runLoad } from '../device-sim/load.ts';
import { brokenOf } from '../test/faults/fault.ts';
import { watchProcess } from '../test/faults/watched-process.ts';
import { temporaryFolder } from '../test/memory.ts';
import { logIn, personAt } from '../test/person.ts';
import { type System, startSystem } from '../test/system.ts';
import { openBehind } from './behind.ts';
import { type Bench, deskFigures, loadFigures, loadMissed, rounded } from './bench.ts';
import { openPresses } from './press.ts';
import { registerHubs } from './register.ts';

const HOMES = 104_000;
/** As many as one process of this machine may have open files for. */
const CONNECTED = 15_000;
const RATE = 2_250;
const WAVE_RATE = 5_000;
const BAR = { startMs: 5_000, pubackP99Ms: 50, deskP99Ms: 1_000 };

/** Every hub comes once, says something and goes, so that the processor knows every home. */
async function comeByInTurns(port: number, hubs: readonly HubLine[], say: (line: string) => void): Promise<void> {
  for (let from = 0; from < hubs.length; from += CONNECTED) {
    const wave = hubs.slice(from, from + CONNECTED);
    const seconds = Math.ceil((wave.length / WAVE_RATE) * 1.2);
    const { acked } = await runLoad({ host: '127.0.0.1', port, hubs: wave, rate: WAVE_RATE, seconds });
    if (acked < wave.length) throw new Error(`only ${acked} of ${wave.length} hubs were answered`);
    say(`${from + wave.length} hubs have spoken`);
  }
}

async function level({ dataDir }: System): Promise<void> {
  const behind = openBehind(join(dataDir, 'shouwang.db'));
  await behind.level(300_000);
  await behind.close();
}

/** CPU time that a process and its threads have taken, s. */
function cpuSeconds({ child }: System): number {
  const [, user = 0, kernel = 0] =
    /\) \S(?: \S+){10} (\d+) (\d+)/.exec(readFileSync(`/proc/${child.pid}/stat`, 'utf8')) ?? [];
  const TICKS_A_SECOND = 100;
  return (Number(user) + Number(kernel)) / TICKS_A_SECOND;
}

const timed = async (what: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await what();
  return Math.round(performance.now() - from);
};

/** A city on one machine. */
export const city: Bench = {
  name: 'city',
  measures: `${HOMES.toLocaleString('en')} homes that the processor knows; ${CONNECTED.toLocaleString('en')} of their hubs come back at once after a start and say ${RATE} messages/s, 1 % of them life-critical, everything on`,
  bar: `accepting within ${BAR.startMs / 1_000} s of a start, PUBACK p99 ≤ ${BAR.pubackP99Ms} ms, button to desk p99 ≤ ${BAR.deskP99Ms} ms`,
  // Less than the three minutes after which the hubs that do not come back are lost.
  seconds: 120,
  unavailable: () => null,
  async run({ seconds, say }) {
    const folder = temporaryFolder();
    let system = await startSystem({ dataDir: folder.path });
    const first = await logIn(system.httpUrl, system.ownerLink ?? '');
    let hubs: readonly HubLine[] = [];
    const registering = await timed(async () => (hubs = await registerHubs(first, HOMES)));
    say(`registered in ${registering} ms`);
    await comeByInTurns(system.mqttPort, hubs, say);
    await level(system);
    await system.stop();

    const startedAt = performance.now();
    system = await startSystem({ dataDir: folder.path });
    const owner = personAt(system.httpUrl, first.cookie);
    await level(system);
    const levelMs = Math.round(performance.now() - startedAt);
    say(`started: accepting after ${Math.round(system.acceptingMs)} ms, level after ${levelMs} ms`);
    const watched = watchProcess(system);
    const freshMb = watched.rssMb();
    const [pressed, ...others] = hubs;
    if (!pressed) throw new Error('no hub was registered');
    const presses = await openPresses(system, owner, pressed);
    const ended = new AbortController();
    const cpuBefore = cpuSeconds(system);
    const from = performance.now();
    const pressing = presses.until(ended.signal);
    const load = await runLoad({
      ...{ host: '127.0.0.1', port: system.mqttPort, rate: RATE, seconds, criticalPerMille: 10 },
      ...{ hubs: others.slice(0, CONNECTED), connectsPerSecond: Number.POSITIVE_INFINITY },
    });
    const cores = (cpuSeconds(system) - cpuBefore) / ((performance.now() - from) / 1_000);
    ended.abort();
    const desk = await pressing;
    const searchMs = await timed(() => owner.get(`/households?search=${encodeURIComponent('测试路 9')}`));
    const { processorBehindMs } = await owner.get<{ processorBehindMs: number }>('/system');
    await presses.close();
    watched.stop();
    await system.stop();
    folder.remove();
    return {
      figures: {
        'registered homes/s': Math.round(HOMES / (registering / 1_000)),
        'start to accepting ms': Math.round(system.acceptingMs),
        'start to processor level ms': levelMs,
        'all hubs let in after ms': Math.round(load.connect_s * 1_000),
        ...loadFigures(load),
        ...deskFigures(desk),
        'processor behind ms': processorBehindMs,
        'search over all homes ms': searchMs,
        'resident MB after the start': freshMb,
        'resident MB at most': watched.mostRssMb(),
        'cores in use': rounded(cores, 2),
      },
      missed: [
        ...loadMissed(load, RATE),
        ...brokenOf(
          [system.acceptingMs <= BAR.startMs, `accepting after ${Math.round(system.acceptingMs)} ms`],
          [load.p99_ms <= BAR.pubackP99Ms, `PUBACK p99 ${rounded(load.p99_ms)} ms`],
          [desk.quantile(0.99) <= BAR.deskP99Ms, `button to desk p99 ${rounded(desk.quantile(0.99))} ms`],
        ),
      ],
    };
  },
};
