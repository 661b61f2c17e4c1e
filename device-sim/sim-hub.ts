import { randomBytes } from 'node:crypto';
import { connect, type MqttClient } from 'mqtt';
import { categoryOfCritical } from '../domain/category.ts';
import { factsOf } from '../domain/reading.ts';
import { seconds } from '../domain/time.ts';
import type { SimReading } from './event.ts';
import { digestOf, type Ledger } from './ledger.ts';
import type { Speech, Utterance } from './speech.ts';

export type Credential = { readonly clientId: string; readonly username: string; readonly password: string };

export type SimHub = {
  /** Says it now, or keeps it until the link is back. `at`: when it happened, on a right clock. Returns its number within this boot. */
  readonly says: (readings: readonly SimReading[], at: number) => number;
  /** Sends utterances that it numbered before, in this order, each as often as it stands there. */
  readonly repeats: (numbers: readonly number[]) => void;
  /** Takes numbers without sending: for what is to be sent in another order. */
  readonly holds: (readings: readonly SimReading[], at: number) => number;
  /** The hub's own clock is wrong by so much from now on. */
  readonly setClock: (offsetMs: number) => void;
  /** The socket vanishes as in a power cut; what happens meanwhile is kept, oldest first. */
  readonly cutPower: () => void;
  readonly restore: () => void;
  /** When everything said is acknowledged. */
  readonly settled: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type SimHubOptions = {
  readonly url: string;
  readonly credential: Credential;
  readonly speech: Speech;
  readonly ledger: Ledger;
  readonly now?: () => number;
  readonly onTrouble?: (trouble: Error) => void;
};

/** An emergency that the server has not confirmed by its own message in this time is said again, at most so often. */
const CONFIRM_WITHIN_MS = seconds(15);
const SAID_AGAIN = 3;
const REDIAL_MS = seconds(1);
/** A real hub's memory ends somewhere; then the oldest goes. */
const BACKLOG_LIMIT = 100_000;

type Pending = { readonly utterance: Utterance; readonly id: string; readonly critical: boolean };

/** A simulated hub: a real MQTT connection, a memory for when there is none, and a ledger of what it was promised. */
export function startHub(options: SimHubOptions): SimHub {
  const { credential, speech, ledger } = options;
  const now = options.now ?? Date.now;
  const onTrouble = options.onTrouble ?? (() => {});
  const boot = randomBytes(4).toString('hex');
  const said = new Map<number, Pending>();
  const confirmations = new Map<string, NodeJS.Timeout>();
  let backlog: Pending[] = [];
  let unanswered = 0;
  let waiting: (() => void)[] = [];
  let seq = 0;
  let clockOffset = 0;
  let powered = true;
  let client: MqttClient | null = null;
  let redial: NodeJS.Timeout | undefined;

  function answered(): void {
    unanswered--;
    if (unanswered > 0 || backlog.length > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  function send(link: MqttClient, pending: Pending): void {
    const { utterance, id } = pending;
    const frames = speech.frames(utterance, now() + clockOffset);
    unanswered++;
    if (pending.critical && speech.acknowledged && !confirmations.has(id)) expectConfirmation(pending);
    const sent = frames.map(({ topic, payload, retain }) => link.publishAsync(topic, payload, { qos: 1, retain }));
    Promise.all(sent)
      .then(
        () => ledger({ is: 'acked', id, proof: frames.map(({ topic, payload }) => digestOf(topic, payload)) }),
        () => {
          ledger({ is: 'unknown', id });
          backlog.push(pending);
        },
      )
      .finally(answered);
  }

  function expectConfirmation(pending: Pending, left = SAID_AGAIN): void {
    const timer = setTimeout(() => {
      if (left === 0) return;
      if (client?.connected) send(client, pending);
      expectConfirmation(pending, left - 1);
    }, CONFIRM_WITHIN_MS);
    confirmations.set(pending.id, timer.unref());
  }

  function hold(readings: readonly SimReading[], at: number): number {
    seq++;
    const emergency = readings.find(({ kind, value }) => value === true && factsOf(kind).critical);
    const own = readings.map((r) => (r.at === undefined ? r : { ...r, at: r.at + clockOffset }));
    const utterance = { boot, seq, at: at + clockOffset, readings: own };
    const pending = { utterance, id: `${credential.clientId}/${boot}/${seq}`, critical: emergency !== undefined };
    said.set(seq, pending);
    said.delete(seq - BACKLOG_LIMIT);
    const critical = emergency ? categoryOfCritical(emergency.kind) : null;
    ledger({ is: 'invoke', id: pending.id, hub: credential.clientId, critical, at: utterance.at });
    return seq;
  }

  function sendOrKeep(pending: Pending): void {
    if (client?.connected) send(client, pending);
    else if (backlog.push(pending) > BACKLOG_LIMIT) backlog.shift();
  }

  function say(number: number): void {
    const pending = said.get(number);
    if (!pending) throw new Error(`this hub never said number ${number}`);
    sendOrKeep(pending);
  }

  /**
   * Every connection is a client of its own. mqtt.js would resend what was in flight by itself, with the old sending time and out
   * of turn with our backlog; ended by force, it gives the messages back to us instead.
   */
  function dial(): void {
    const link = connect(options.url, {
      ...credential,
      clean: true,
      keepalive: 60,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
    });
    client = link;
    link.on('connect', () => {
      link.subscribe(speech.subscription, { qos: 1 });
      for (const { topic, payload, retain } of speech.greeting()) link.publish(topic, payload, { qos: 1, retain });
      const kept = backlog.sort((a, b) => a.utterance.seq - b.utterance.seq);
      backlog = [];
      kept.forEach(sendOrKeep);
    });
    link.on('message', (_topic, payload) => {
      const ack = speech.acknowledged?.(payload.toString());
      if (!ack) return;
      const id = `${credential.clientId}/${ack.boot}/${ack.seq}`;
      clearTimeout(confirmations.get(id));
      ledger({ is: 'appAcked', id });
    });
    link.on('error', onTrouble);
    link.once('close', () => {
      link.end(true);
      if (powered) redial = setTimeout(dial, REDIAL_MS);
    });
  }
  dial();

  function goDark(): void {
    powered = false;
    clearTimeout(redial);
    client?.stream.destroy();
  }

  return {
    holds: hold,
    says(readings, at) {
      const number = hold(readings, at);
      say(number);
      return number;
    },
    repeats: (numbers) => numbers.forEach(say),
    setClock(offsetMs) {
      clockOffset = offsetMs;
    },
    cutPower: goDark,
    restore() {
      powered = true;
      dial();
    },
    settled: () =>
      unanswered === 0 && backlog.length === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    async stop() {
      powered = false;
      clearTimeout(redial);
      for (const timer of confirmations.values()) clearTimeout(timer);
      await client?.endAsync();
    },
  };
}
