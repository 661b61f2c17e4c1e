import { setTimeout as pause } from 'node:timers/promises';
import { localTime, minutes, seconds, within } from '../domain/time.ts';
import { arrivalOf } from './arrival.ts';
import { dice } from './dice.ts';
import type { SimEvent } from './event.ts';
import { type Home, ZONE } from './home.ts';
import type { Ledger } from './ledger.ts';
import { lifeFrom } from './life.ts';
import { ownSpeech } from './own-speech.ts';
import { play } from './play.ts';
import { isPlayable, type ScenarioName, scenarios } from './scenarios.ts';
import { type Credential, SimHub } from './sim-hub.ts';
import type { Speech } from './speech.ts';
import { zigbeeSpeech } from './zigbee-speech.ts';

export type Inhabited = { readonly home: Home; readonly credential: Credential };

export type TownOptions = {
  readonly mqtt: string;
  readonly ledger: Ledger;
  readonly seed: string;
  /** So many times faster than life; what is said carries the time of saying. */
  readonly speed: number;
  /** Mean ms between two scenarios in the town; 0: none. */
  readonly troubleEveryMs: number;
  readonly tell: (words: string) => void;
};

export const speechOf = (home: Home): Speech =>
  home.ecosystem === 'zigbee2mqtt' ? zigbeeSpeech(home) : ownSpeech(home.clientId);

/** Waits as long as it takes, however far `at` is; timers of Node end at 24 days. */
async function until(at: number, signal: AbortSignal): Promise<void> {
  for (let left = at - Date.now(); left > 0; left = at - Date.now())
    await pause(Math.min(left, minutes(60)), undefined, { signal });
}

/** Says each event when its time comes, until `signal`. */
export async function live(hub: SimHub, life: Iterable<SimEvent>, speed: number, signal: AbortSignal): Promise<void> {
  const begun = Date.now();
  for (const { at, readings } of life) {
    await until(begun + (at - begun) / speed, signal);
    hub.says(readings, Date.now());
  }
}

/** How often each scenario is drawn: most need somebody at the desk, none makes a home unusable. */
const draw: Readonly<Partial<Record<ScenarioName, number>>> = {
  sos: 5,
  'fall-at-night': 2,
  'gas-leak': 2,
  deterioration: 3,
  'battery-dying': 2,
  'smoke-test': 2,
  'hub-without-power': 1,
  duplicates: 1,
  'late-backlog': 1,
  wandering: 2,
};
/** An open door matters at night only. */
const nightly = new Set<ScenarioName>(['wandering']);
const isNight = (at: number) => within(localTime(at, ZONE).minuteOfDay, 22 * 60, 6 * 60);

const bag = Object.entries(draw).flatMap(([name, times]) => Array<ScenarioName>(times).fill(name as ScenarioName));

const FIRST_TROUBLE_MS = seconds(10);

async function trouble(inhabited: readonly Running[], options: TownOptions, signal: AbortSignal): Promise<void> {
  const chance = dice(options.seed, 'trouble', Date.now());
  const busy = new Set<Home>();
  // The first comes soon: whoever starts a town wants to see that it lives.
  for (let wait = FIRST_TROUBLE_MS; !signal.aborted; wait = options.troubleEveryMs * chance.between(0.5, 1.5)) {
    await pause(Math.min(wait, options.troubleEveryMs * 1.5), undefined, { signal });
    const name = bag[chance.whole(0, bag.length - 1)] ?? 'sos';
    if (nightly.has(name) && !isNight(Date.now())) continue;
    const able = inhabited.filter(({ home }) => !busy.has(home) && isPlayable(name, home));
    const chosen = able[chance.whole(0, able.length - 1)];
    if (!chosen) continue;
    const { home, hub } = chosen;
    options.tell(`${home.name}: ${scenarios[name].title.zh} · ${scenarios[name].title.en}`);
    busy.add(home);
    play(scenarios[name], home, hub, () => {}, signal).then(
      () => busy.delete(home),
      () => busy.delete(home),
    );
  }
}

type Running = { readonly home: Home; readonly hub: SimHub };

/** Brings homes to life over MQTT. Returns how to end it. */
export function startTown(inhabited: readonly Inhabited[], options: TownOptions): () => Promise<void> {
  const ending = new AbortController();
  const onTrouble = (home: Home) => (problem: Error) => options.tell(`${home.name}: ${problem.message}`);
  const running = inhabited.map(({ home, credential }): Running => {
    const { mqtt: url, ledger } = options;
    const hub = new SimHub({ url, credential, speech: speechOf(home), ledger, onTrouble: onTrouble(home) });
    const arrival = arrivalOf(home, Date.now());
    for (const readings of arrival.kept) hub.says(readings, readings.at(-1)?.at ?? Date.now());
    hub.says(arrival.now, Date.now());
    return { home, hub };
  });
  const lives = running.map(({ home, hub }) => live(hub, lifeFrom(home, Date.now()), options.speed, ending.signal));
  if (options.troubleEveryMs > 0) lives.push(trouble(running, options, ending.signal));
  const ended = Promise.allSettled(lives);
  return async () => {
    ending.abort();
    for (const life of await ended)
      if (life.status === 'rejected' && life.reason?.name !== 'AbortError') options.tell(String(life.reason));
    await Promise.all(running.map(({ hub }) => hub.stop()));
  };
}
