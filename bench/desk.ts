import { WebSocket } from 'ws';
import { type ServerFrame, serverFrame } from '../web/wire/system.ts';

/** A desk that listens to the nudges and times them, as the browser's would. */
export type Desk = {
  /** Resolves with the time (performance.now) of the next frame that names the alert. */
  readonly heard: (alertId: string, withinMs: number) => Promise<number>;
  readonly frames: () => number;
  readonly close: () => void;
};

export async function openDesk(httpUrl: string, cookie: string): Promise<Desk> {
  const socket = new WebSocket(`${httpUrl.replace(/^http/, 'ws')}/api/live`, { headers: { cookie, origin: httpUrl } });
  const waiting = new Map<string, (at: number) => void>();
  let frames = 0;
  socket.on('message', (text) => {
    const at = performance.now();
    const frame: ServerFrame = serverFrame.parse(JSON.parse(String(text)));
    frames++;
    if (frame.kind !== 'alerts') return;
    if (frame.noticeIds.length > 0)
      socket.send(JSON.stringify({ kind: 'shown', noticeIds: frame.noticeIds.slice(0, 500) }));
    for (const id of frame.alertIds) waiting.get(id)?.(at);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return {
    frames: () => frames,
    heard: (alertId, withinMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no frame named alert ${alertId} within ${withinMs} ms`)),
          withinMs,
        );
        waiting.set(alertId, (at) => {
          clearTimeout(timer);
          waiting.delete(alertId);
          resolve(at);
        });
      }),
    close: () => socket.close(),
  };
}
