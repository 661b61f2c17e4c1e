import { setTimeout as pause } from 'node:timers/promises';
import type { Home } from './home.ts';
import type { Act, Scenario } from './scenarios.ts';
import type { SimHub } from './sim-hub.ts';

const worded = (act: Act): string => {
  switch (act.kind) {
    case 'says':
      return `says ${act.readings.map((r) => `${r.device || 'hub'} ${r.kind} ${r.value}`).join(', ')}${
        act.ageMs ? ` (${Math.round(act.ageMs / 60_000)} min ago)` : ''
      }${act.copies ? ` ×${act.copies}` : ''}`;
    case 'says_backwards':
      return `sends ${act.messages.length} messages from the last to the first`;
    case 'waits':
      return `waits ${act.ms / 1_000} s`;
    case 'sets_clock':
      return `sets its clock ${Math.round(act.offsetMs / 86_400_000)} days off`;
    case 'loses_power':
      return 'loses its power';
    case 'gets_power':
      return 'has power again';
    default:
      return act satisfies never;
  }
};

async function perform(hub: SimHub, act: Act, signal: AbortSignal): Promise<void> {
  const now = Date.now();
  switch (act.kind) {
    case 'says': {
      const number = hub.says(act.readings, now - (act.ageMs ?? 0));
      hub.repeats(Array.from({ length: (act.copies ?? 1) - 1 }, () => number));
      return;
    }
    case 'says_backwards': {
      const begin = now - act.apartMs * act.messages.length;
      const numbers = act.messages.map((readings, i) => hub.holds(readings, begin + i * act.apartMs));
      hub.repeats(numbers.reverse());
      return;
    }
    case 'waits':
      await pause(act.ms, undefined, { signal });
      return;
    case 'sets_clock':
      hub.setClock(act.offsetMs);
      return;
    case 'loses_power':
      hub.cutPower();
      return;
    case 'gets_power':
      hub.restore();
      return;
    default:
      return act satisfies never;
  }
}

/** Plays a scenario on a home's hub, telling each act before it happens; ends when all of it is acknowledged, or on `signal`. */
export async function play(
  scenario: Scenario,
  home: Home,
  hub: SimHub,
  tell: (words: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const act of scenario.acts(home)) {
    tell(worded(act));
    await perform(hub, act, signal);
  }
  await hub.settled();
}
