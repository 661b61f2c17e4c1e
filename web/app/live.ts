import { type ConsoleFrame, type ServerFrame, serverFrame } from '../wire/system.ts';

/** The server speaks every 3 s; after 10 s of silence nobody is there. */
export const SILENCE_MS = 10_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

export type Link = 'connecting' | 'live' | 'lost';

export type LiveEvents = {
  readonly onFrame: (frame: ServerFrame) => void;
  readonly onLink: (link: Link) => void;
};

export type Live = { readonly send: (frame: ConsoleFrame) => void; readonly stop: () => void };

/** How long to wait before the n-th new attempt (from 0): doubling, bounded, with jitter so that a city's desks do not return as one. */
export const waitBefore = (attempt: number, random: number): number =>
  Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS) * (0.75 + random / 2);

/** Keeps one connection to the server's nudges, for as long as it is not stopped. */
export function keepLive(url: string, { onFrame, onLink }: LiveEvents): Live {
  let socket: WebSocket | null = null;
  let attempt = 0;
  let heardAt = Date.now();
  let openedAt = Date.now();
  let retry: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const connect = (): void => {
    const opened = new WebSocket(url);
    socket = opened;
    openedAt = Date.now();
    opened.onmessage = ({ data }) => {
      const frame = serverFrame.safeParse(JSON.parse(String(data)));
      if (!frame.success) return;
      heardAt = Date.now();
      attempt = 0;
      onLink('live');
      onFrame(frame.data);
    };
    opened.onclose = () => {
      if (socket === opened) again();
    };
  };

  const again = (): void => {
    socket = null;
    if (!stopped) retry = setTimeout(connect, waitBefore(attempt++, Math.random()));
  };

  const silence = setInterval(() => {
    const now = Date.now();
    if (now - heardAt < SILENCE_MS) return;
    onLink('lost');
    if (!socket || now - openedAt < SILENCE_MS) return;
    // A connection that is open but silent is dead, whatever TCP believes of it; its closing may take a minute, so do not wait for it.
    const dead = socket;
    again();
    dead.close();
  }, 500);

  onLink('connecting');
  connect();
  return {
    send: (frame) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    stop: () => {
      stopped = true;
      clearInterval(silence);
      clearTimeout(retry);
      socket?.close();
    },
  };
}
