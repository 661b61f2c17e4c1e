import { minutes, seconds } from '../domain/time.ts';
import { register, type Session } from './api.ts';
import type { SimEvent } from './event.ts';
import type { Ledger } from './ledger.ts';
import { ownSpeech } from './own-speech.ts';
import { credentialOf } from './provision.ts';
import type { RecordedHome } from './recorded/format.ts';
import { historyOf, inBatches, openRecorded, RECORDED_HOMES, recordedLifeFrom } from './recorded-life.ts';
import { recordedRegistration } from './registration.ts';
import { type Credential, SimHub } from './sim-hub.ts';
import { live } from './town.ts';

export type RecordedGuest = {
  readonly number: (typeof RECORDED_HOMES)[number];
  readonly credential: Credential;
};

const READINGS_A_MESSAGE = 5_000;

export async function registerRecorded(session: Session, stationId: string, prefix: string): Promise<RecordedGuest[]> {
  const registered = await register(
    session,
    RECORDED_HOMES.map((n) => recordedRegistration(openRecorded(n), n, `${prefix}-recorded-${n}`, stationId)),
  );
  return RECORDED_HOMES.flatMap((number, i) => {
    const given = registered[i];
    if (!given) return [];
    return [{ number, credential: credentialOf(given) }];
  });
}

/** The hub's own sign of life each minute, among the recorded events. */
export function* withHeartbeats(life: Iterable<SimEvent>, from: number): Generator<SimEvent> {
  let beatAt = from;
  for (const event of life) {
    for (; beatAt <= event.at; beatAt += minutes(1))
      yield { at: beatAt, doing: 'device', readings: [{ kind: 'heartbeat', device: '', value: true }] };
    yield event;
  }
}

/** Sends what was before `until`, a batch after the other; how many readings it were. Live messages go between the batches. */
async function sendHistory(recorded: RecordedHome, until: number, hub: SimHub, signal: AbortSignal): Promise<number> {
  const batches = inBatches(historyOf(recorded, until), READINGS_A_MESSAGE);
  for (const readings of batches) {
    if (signal.aborted) break;
    hub.says(readings, readings.at(-1)?.at ?? Date.now());
    await hub.settled();
  }
  return batches.flat().length;
}

export type ReplayOptions = {
  readonly mqtt: string;
  readonly ledger: Ledger;
  readonly tell: (words: string) => void;
};

/** Gives recorded homes to households: their history as late data, then their days at their time of day. Returns how to end it. */
export function startReplay(guests: readonly RecordedGuest[], options: ReplayOptions): () => Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const hubs: SimHub[] = [];
  const lives = guests.map(async (guest) => {
    const { number, credential } = guest;
    const recorded = openRecorded(number);
    const onTrouble = (problem: Error) => options.tell(`录制家庭 ${number}: ${problem.message}`);
    const hub = new SimHub({
      url: options.mqtt,
      credential,
      speech: ownSpeech(credential.clientId),
      ledger: options.ledger,
      onTrouble,
    });
    hubs.push(hub);
    const begun = Date.now();
    // What is younger counts as live: sent in one go, rules would conclude from it what nobody lived.
    const sent = await sendHistory(recorded, begun - minutes(15), hub, signal);
    if (signal.aborted) return;
    options.tell(
      `录制家庭 ${number}: 60 天历史，${sent} 条读数，${Math.round((Date.now() - begun) / seconds(1))} 秒 · 60 days of history sent`,
    );
    const now = Date.now();
    await live(hub, withHeartbeats(recordedLifeFrom(recorded, now), now), 1, signal);
  });
  const ended = Promise.allSettled(lives);
  return async () => {
    ending.abort();
    await Promise.all(hubs.map((hub) => hub.stop()));
    await ended;
  };
}
