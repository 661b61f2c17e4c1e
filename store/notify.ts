import { randomBytes } from 'node:crypto';
import { setImmediate, setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { connecting, serversOf } from './postgres.ts';

const CHANNEL = 'shouwang';
/** What is sent within this time goes as one. */
const REST_MS = 10;
const BACK_OFF_MS = { least: 50, most: 1_000 } as const;

export type Notify = {
  /** Nobody waits for it, and while there is no connection nobody hears it. */
  readonly send: (subject: string) => void;
  readonly stop: () => Promise<void>;
};

type Listening = { readonly client: pg.Client; readonly ended: Promise<unknown> };

/** Null when nobody is there, or who refuses to listen, as a standby does. */
async function listen(server: string, hear: (payload: string) => void): Promise<Listening | null> {
  const client = new pg.Client({ ...connecting, connectionString: server, application_name: 'shouwang nudge' });
  const ended = new Promise((resolve) => client.once('end', resolve));
  client.on('error', () => {});
  client.on('notification', ({ payload = '' }) => hear(payload));
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    return { client, ended };
  } catch {
    await client.end();
    return null;
  }
}

/** Words between the processes that share a PostgreSQL, over one connection that is opened anew whenever it breaks. */
export function openNotify(url: string, heard: (subject: string) => void): Notify {
  const self = randomBytes(6).toString('hex');
  const servers = serversOf(url);
  const due = new Set<string>();
  const stopping = new AbortController();
  let through: pg.Client | null = null;
  let sending = false;

  const hear = (payload: string): void => {
    const [from, ...subjects] = payload.split(' ');
    if (from !== self) subjects.forEach(heard);
  };

  async function stayConnected(): Promise<void> {
    let restMs: number = BACK_OFF_MS.least;
    for (let turn = 0; !stopping.signal.aborted; ) {
      const listening = await listen(servers[turn % servers.length] ?? url, hear);
      if (listening) {
        through = listening.client;
        if (stopping.signal.aborted) await through.end();
        await listening.ended;
        through = null;
        restMs = BACK_OFF_MS.least;
      } else {
        turn++;
      }
      await setTimeout(restMs, null, { signal: stopping.signal }).catch(() => {});
      restMs = Math.min(restMs * 2, BACK_OFF_MS.most);
    }
  }

  async function sendDue(): Promise<void> {
    sending = true;
    await setImmediate();
    while (due.size > 0) {
      const payload = [self, ...due].join(' ');
      due.clear();
      const client = through;
      // One that does not answer is no use for listening either.
      await client?.query('select pg_notify($1, $2)', [CHANNEL, payload]).catch(() => client.end());
      await setTimeout(REST_MS);
    }
    sending = false;
  }

  const connected = stayConnected();
  return {
    send(subject) {
      due.add(subject);
      if (!sending) void sendDue();
    },
    async stop() {
      stopping.abort();
      await through?.end();
      await connected;
    },
  };
}
