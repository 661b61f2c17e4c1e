import { runLoad } from '../device-sim/load.ts';
import { brokenOf } from '../test/faults/fault.ts';
import { logIn } from '../test/person.ts';
import { startFreshSystem } from '../test/system.ts';
import { type Bench, deskFigures, loadFigures, loadMissed, rounded } from './bench.ts';
import { openPresses } from './press.ts';
import { registerHubs } from './register.ts';

const HUBS = 2_000;
const RATE = 2_250;
const PUBACK_P99_MS = 25;
const DESK_P99_MS = 100;

/** What a city of 104,000 homes says, on one machine with everything on. */
export const everyday: Bench = {
  name: 'everyday',
  measures: `${HUBS} hubs, ${RATE} messages/s, 1 % of them life-critical, everything on`,
  bar: `PUBACK p99 ≤ ${PUBACK_P99_MS} ms, button to desk p99 ≤ ${DESK_P99_MS} ms`,
  seconds: 300,
  unavailable: () => null,
  async run({ seconds, say }) {
    const system = await startFreshSystem();
    const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
    const [pressed, ...hubs] = await registerHubs(owner, HUBS + 1);
    if (!pressed) throw new Error('no hub was registered');
    say(`${hubs.length} hubs registered`);
    const ended = new AbortController();
    const presses = await openPresses(system, owner, pressed);
    const pressing = presses.until(ended.signal);
    const load = await runLoad({
      ...{ host: '127.0.0.1', port: system.mqttPort, hubs, rate: RATE, seconds, criticalPerMille: 10 },
    });
    ended.abort();
    const desk = await pressing;
    const { processorBehindMs } = await owner.get<{ processorBehindMs: number }>('/system');
    await presses.close();
    await system.end();
    const figures = {
      acknowledged: load.acked,
      ...loadFigures(load),
      'PUBACK p99.9 ms': rounded(load.p999_ms),
      ...deskFigures(desk),
      'processor behind ms': processorBehindMs,
      'start to accepting ms': Math.round(system.acceptingMs),
    };
    return {
      figures,
      missed: [
        ...loadMissed(load, RATE),
        ...brokenOf(
          [load.p99_ms <= PUBACK_P99_MS, `PUBACK p99 ${rounded(load.p99_ms)} ms`],
          [desk.quantile(0.99) <= DESK_P99_MS, `button to desk p99 ${rounded(desk.quantile(0.99))} ms`],
        ),
      ],
    };
  },
};
