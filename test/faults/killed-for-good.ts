import { setTimeout as pause } from 'node:timers/promises';
import { answering, openReceiver } from '../../alerts/test-receiver.ts';
import { dice } from '../../device-sim/dice.ts';
import { seconds } from '../../domain/time.ts';
import { temporaryFolder } from '../memory.ts';
import { logIn } from '../person.ts';
import { startSystem, until } from '../system.ts';
import { openDesk } from './desk.ts';
import { brokenOf, type Fault, type FaultRun, type Outcome, playable } from './fault.ts';

const RED_WITHIN_MS = seconds(30);
/** A switch outside that is fed every 30 s and waits for 60 raises its alarm within two minutes of the death if it is last fed by then. */
const LAST_FED_WITHIN_MS = seconds(60);
const FED_EVERY_MS = seconds(30);

/** Somebody outside who is to raise the alarm when nothing is heard any more. */
async function openSwitch() {
  const fedAt: number[] = [];
  const receiver = await openReceiver((received, response) => {
    fedAt.push(performance.now());
    answering(200, {})(received, response);
  });
  return { url: receiver.url, fedAt, close: receiver.close };
}

async function lastFedAfter(fedAt: readonly number[], killedAt: number): Promise<number> {
  await pause(killedAt + LAST_FED_WITHIN_MS + FED_EVERY_MS - performance.now());
  return Math.max(0, Math.round((fedAt.at(-1) ?? killedAt) - killedAt));
}

async function watchItDie({ size, seed, say }: FaultRun): Promise<Outcome> {
  const folder = temporaryFolder();
  const outside = await openSwitch();
  const system = await startSystem({ dataDir: folder.path, env: { SHOUWANG_HEARTBEAT_URL: outside.url } });
  const owner = await logIn(system.httpUrl, system.ownerLink ?? '');
  const desk = openDesk(owner, system.httpUrl, dice(seed));
  try {
    await until('the desk to be live', () => desk.link() === 'live', seconds(60));
    if (size === 'full') await until('the switch to be fed', () => outside.fedAt.length >= 2, seconds(180));
    say('killing it');
    const killedAt = performance.now();
    await system.kill('SIGKILL');
    await until('the desk to turn red', () => desk.link() === 'lost', RED_WITHIN_MS + seconds(30));
    const redAfterMs = Math.round(desk.linkSince() - killedAt);
    const lastFedAfterMs = size === 'full' ? await lastFedAfter(outside.fedAt, killedAt) : 0;
    return {
      load: { consoles: 1 },
      faults: { kills: 1 },
      counts: { redAfterMs, ...(size === 'full' && { fed: outside.fedAt.length, lastFedAfterMs }) },
      broken: brokenOf(
        [redAfterMs <= RED_WITHIN_MS, `the desk was red only after ${redAfterMs} ms`],
        [lastFedAfterMs <= LAST_FED_WITHIN_MS, `the switch outside was fed until ${lastFedAfterMs} ms after the death`],
      ),
      ...(size === 'short' && { notShown: ['that the switch outside is fed no more: it takes two minutes'] }),
    };
  } finally {
    await desk.close();
    await system.stop();
    await outside.close();
    folder.remove();
  }
}

export const killedForGood: Fault = {
  name: 'killed-for-good',
  happens: 'kill -9 of the whole system but for its auditor, and nothing starts it again',
  bar: 'a console is red within 30 s, and the switch outside is last fed within 60 s, so that it fires within 2 min',
  unavailable: playable,
  run: watchItDie,
};
