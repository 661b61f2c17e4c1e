import { EventEmitter } from 'node:events';
import { BroadcastChannel } from 'node:worker_threads';

/** What may have changed. A nudge only shortens a wait: the rows are the truth, and everything polls as well. */
export type Subject = 'journal' | 'alerts' | 'notices' | 'registry' | 'links' | 'commands';

export type Nudge = {
  readonly send: (subject: Subject) => void;
  /** Returns what ends the listening. */
  readonly on: (subject: Subject, wake: () => void) => () => void;
  readonly close: () => void;
};

/** Nudges between the threads of one process; `name` keeps two systems in one process apart. */
export function openNudge(name: string): Nudge {
  const local = new EventEmitter().setMaxListeners(0);
  const channel = new BroadcastChannel(`shouwang ${name}`);
  channel.onmessage = (event) => local.emit((event as { data: Subject }).data);
  channel.unref();
  return {
    send(subject) {
      local.emit(subject);
      channel.postMessage(subject);
    },
    on(subject, wake) {
      local.on(subject, wake);
      return () => local.off(subject, wake);
    },
    close: () => channel.close(),
  };
}
