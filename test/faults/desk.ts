import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket as Socket } from 'ws';
import type { Dice } from '../../device-sim/dice.ts';
import type { AlertAction, AlertEventKind } from '../../domain/alert.ts';
import { keepLive, type Link } from '../../web/app/live.ts';
import type { QueueAnswer } from '../../web/wire/alert.ts';
import type { Person } from '../person.ts';

/** A console with somebody before it: the link is the one of our own screens, and what it shows is what it has fetched. */
export type Desk = {
  /** What it shows: unclosed alerts and their versions. */
  readonly shown: () => ReadonlyMap<string, number>;
  readonly link: () => Link;
  /** When the link last became what it is, performance.now. */
  readonly linkSince: () => number;
  /** What the person did that was answered with a 200, by alert. */
  readonly done: ReadonlyMap<string, ReadonlySet<AlertEventKind>>;
  /** Works on what is shown until fewer than this are left. */
  readonly workDownTo: (left: number) => Promise<void>;
  /** From now on the person only looks. */
  readonly rest: () => void;
  readonly close: () => Promise<void>;
};

const SHOWN_AT_MOST = 500;
const ACT_EVERY_MS = 100;
const MOST_TRIES = 20;

/** A browser sends its cookie by itself; here the socket has to be told. */
function asBrowser({ cookie }: Person, httpUrl: string): void {
  class BrowserSocket extends Socket {
    constructor(url: string) {
      super(url, { headers: { cookie, origin: httpUrl } });
      this.on('error', () => {});
    }
  }
  Object.assign(globalThis, { WebSocket: BrowserSocket });
}

type Shown = { readonly id: string; readonly version: number; readonly state: string };

const KIND_OF = { take: 'taken', attend: 'attended', close: 'closed' } as const;
type Doing = keyof typeof KIND_OF;

const actionOf = (kind: Doing): AlertAction =>
  kind === 'close' ? { kind, disposition: 'assistance_given', text: '' } : { kind };

function nextStep({ state }: Shown, dice: Dice): Doing {
  if (dice.chance(0.5)) return 'close';
  if (state === 'open') return 'take';
  return state === 'taken' ? 'attend' : 'close';
}

/** What a screen holds: it asks again whenever it is told that something changed, one request at a time. */
function openQueue(person: Person) {
  let alerts: readonly Shown[] = [];
  let stale = false;
  let fetching: Promise<void> | null = null;
  async function fetchAgain(): Promise<void> {
    while (stale) {
      stale = false;
      const answer = await person.get<QueueAnswer>(`/alerts?limit=${SHOWN_AT_MOST}`).catch(() => null);
      // While nobody answers the link is down as well, and its return is another reason to fetch.
      if (answer) alerts = answer.alerts;
    }
    fetching = null;
  }
  return {
    alerts: () => alerts,
    async refresh(): Promise<void> {
      stale = true;
      fetching ??= fetchAgain();
      await fetching;
    },
  };
}

export function openDesk(person: Person, httpUrl: string, dice: Dice): Desk {
  asBrowser(person, httpUrl);
  const queue = openQueue(person);
  const done = new Map<string, Set<AlertEventKind>>();
  let link: Link = 'connecting';
  let linkSince = performance.now();
  let resting = false;
  let closed = false;

  const live = keepLive(`${httpUrl.replace(/^http/, 'ws')}/api/live`, {
    onFrame(frame) {
      if (frame.kind !== 'alerts') return;
      if (frame.noticeIds.length > 0) live.send({ kind: 'shown', noticeIds: frame.noticeIds });
      void queue.refresh();
    },
    onLink(now) {
      if (now === link) return;
      link = now;
      linkSince = performance.now();
    },
  });

  async function act({ id, version }: Shown, kind: Doing): Promise<void> {
    const answer = await person
      .request('POST', `/alerts/${id}/act`, { version, action: actionOf(kind) })
      .catch(() => null);
    if (answer?.ok) done.set(id, (done.get(id) ?? new Set()).add(KIND_OF[kind]));
    // A server that is killed may take the rest of its answer with it.
    await answer?.body?.cancel().catch(() => {});
  }

  async function work(): Promise<void> {
    while (!closed) {
      const alerts = queue.alerts();
      const one = alerts[dice.whole(0, Math.max(0, alerts.length - 1))];
      if (one && !resting) await act(one, nextStep(one, dice));
      await pause(ACT_EVERY_MS);
    }
  }
  const working = work();

  return {
    ...{ done, link: () => link, linkSince: () => linkSince },
    shown: () => new Map(queue.alerts().map(({ id, version }) => [id, version])),
    async workDownTo(left) {
      for (let tries = 0; queue.alerts().length > left && tries < MOST_TRIES; tries++) {
        for (const one of queue.alerts().slice(left)) await act(one, 'close');
        await queue.refresh();
      }
    },
    rest: () => {
      resting = true;
    },
    async close() {
      closed = true;
      live.stop();
      await working;
    },
  };
}
