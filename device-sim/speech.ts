import type { SimReading } from './event.ts';

/** What a hub says at once: numbered when it happened, however much later it is sent. `at` is the hub's own clock. */
export type Utterance = {
  readonly boot: string;
  readonly seq: number;
  readonly at: number;
  readonly readings: readonly SimReading[];
};

export type Frame = { readonly topic: string; readonly payload: string; readonly retain: boolean };

/** One file an ecosystem: how a hub of that kind greets, speaks, and hears an acknowledgement. */
export type Speech = {
  readonly greeting: () => readonly Frame[];
  readonly frames: (utterance: Utterance, sentAt: number) => readonly Frame[];
  readonly subscription: string;
  /** The message of ours that a down-link message acknowledges, if it is an acknowledgement; null where there are none. */
  readonly acknowledged: ((payload: string) => { readonly boot: string; readonly seq: number } | null) | null;
};
