import { EventEmitter } from 'node:events';
import { BroadcastChannel } from 'node:worker_threads';

const subjects = ['alerts', 'notices', 'registry', 'links', 'commands'] as const;

/** What may have changed. A nudge only shortens a wait: the rows are the truth, and everything polls as well. */
export type Subject = (typeof subjects)[number];

export type Nudge = {
  readonly send: (subject: Subject) => void;
  /** Returns what ends the listening. */
  readonly on: (subject: Subject, wake: () => void) => () => void;
  /** To other processes: `out` is told of what is sent in this one, and what it returns is to be told of what comes from them. */
  readonly bridge: (out: (subject: Subject) => void) => (subject: string) => void;
  readonly close: () => void;
};

/** Nudges between the threads of one process; `name` keeps two systems in one process apart. */
export function openNudge(name: string): Nudge {
  const local = new EventEmitter().setMaxListeners(0);
  const channel = new BroadcastChannel(`shouwang ${name}`);
  let abroad = (_: Subject): void => {};
  const spread = (subject: Subject): void => {
    local.emit(subject);
    channel.postMessage(subject);
  };
  channel.onmessage = (event) => {
    const { data } = event as { data: Subject };
    local.emit(data);
    abroad(data);
  };
  channel.unref();
  return {
    send(subject) {
      spread(subject);
      abroad(subject);
    },
    on(subject, wake) {
      local.on(subject, wake);
      return () => local.off(subject, wake);
    },
    bridge(out) {
      abroad = out;
      return (said) => {
        const subject = subjects.find((subject) => subject === said);
        if (subject) spread(subject);
      };
    },
    close: () => channel.close(),
  };
}
