import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { WebSocket } from 'ws';
import type { HouseholdFile } from '../../web/wire/household.ts';
import { serverFrame } from '../../web/wire/system.ts';
import type { Person, registerHomes } from '../person.ts';
import { letIn } from './let-in.ts';

type Home = Awaited<ReturnType<typeof registerHomes>>['homes'][number];

/** One emergency of a home that has no other: what became of it, in ms of performance.now (NaN: nothing), and whether it is an open alert. */
export type Press = { readonly pressedAt: number; ackedAt: number; shownAt: number; raised: boolean };

export type Presses = {
  /** The next home presses its button, and goes on trying until it is acknowledged. */
  readonly press: () => Promise<void>;
  /** Waits until each has been acknowledged and shown, or so long. */
  readonly settle: (withinMs: number) => Promise<readonly Press[]>;
  readonly close: () => Promise<void>;
};

const REDIAL_MS = 250;

/** Waits until a broker in a process of its own, which learns of new hubs a moment later, lets the last of them in. */
export async function allLetIn(mqttPort: number, homes: readonly Home[]): Promise<void> {
  const last = homes.at(-1);
  if (!last) return;
  await (await letIn(mqttPort, last)).endAsync();
}

/** Notes when each alert was first named in a frame to a desk; the desk comes back when it is cut off. */
function listen({ cookie }: Person, httpUrl: string): { shownAt: Map<string, number>; close: () => void } {
  const shownAt = new Map<string, number>();
  let socket: WebSocket | null = null;
  let closed = false;
  const dial = (): void => {
    if (closed) return;
    socket = new WebSocket(`${httpUrl.replace(/^http/, 'ws')}/api/live`, { headers: { cookie, origin: httpUrl } });
    socket.on('message', (text) => {
      const at = performance.now();
      const frame = serverFrame.parse(JSON.parse(String(text)));
      if (frame.kind !== 'alerts') return;
      for (const id of frame.alertIds) if (!shownAt.has(id)) shownAt.set(id, at);
    });
    socket.on('error', () => {});
    socket.on('close', () => setTimeout(dial, REDIAL_MS));
  };
  dial();
  return {
    shownAt,
    close() {
      closed = true;
      socket?.terminate();
    },
  };
}

/** Homes whose only message is one emergency each, and a desk that sees them. */
export function openPresses(owner: Person, httpUrl: string, mqttPort: number, homes: readonly Home[]): Presses {
  const waiting = [...homes];
  const pressed = new Map<string, Press>();
  const clients: MqttClient[] = [];
  const desk = listen(owner, httpUrl);

  async function look(): Promise<void> {
    // One by one: the queue ends somewhere, and those who pressed need not be among its first.
    for (const [householdId, press] of pressed) {
      if (isSettled(press)) continue;
      const { openAlerts } = await owner.get<HouseholdFile>(`/households/${householdId}`);
      const alert = openAlerts.find(({ category }) => category === 'sos');
      press.raised = alert !== undefined;
      press.shownAt = desk.shownAt.get(alert?.id ?? '') ?? Number.NaN;
    }
  }
  const isSettled = ({ ackedAt, shownAt }: Press): boolean => !Number.isNaN(ackedAt) && !Number.isNaN(shownAt);

  return {
    async press() {
      const home = waiting.shift();
      if (!home) throw new Error('every home has pressed its button');
      const press = { pressedAt: performance.now(), ackedAt: Number.NaN, shownAt: Number.NaN, raised: false };
      pressed.set(home.householdId, press);
      const { clientId, username, key } = home;
      const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
        ...{ clientId, username, password: key, clean: false, reconnectPeriod: REDIAL_MS },
      });
      clients.push(client);
      const readings = [{ kind: 'sos', device: 'button', value: true }];
      const message = JSON.stringify({ boot: 'b1', seq: 1, readings });
      void client.publishAsync(`sw/${clientId}/emergency`, message, { qos: 1 }).then(() => {
        press.ackedAt = performance.now();
      });
    },
    async settle(withinMs) {
      for (const until = performance.now() + withinMs; performance.now() < until; await pause(100)) {
        await look();
        if ([...pressed.values()].every(isSettled)) break;
      }
      return [...pressed.values()];
    },
    async close() {
      desk.close();
      for (const client of clients) await client.endAsync(true);
    },
  };
}

/** What the slowest of the quickest 99 % took; NaN when one of the presses never got there. */
export function p99(times: readonly number[]): number {
  if (times.some(Number.isNaN)) return Number.NaN;
  return Math.round(times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? Number.NaN);
}
