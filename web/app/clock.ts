import { signal } from './signal.ts';

/** How far the server's clock is ahead of this machine's, ms. Desks' clocks are often wrong; ages and deadlines must not be. */
let aheadMs = 0;
const ticking = signal(Date.now());

export const serverNow = (): number => Date.now() + aheadMs;

export function setByServer(serverAt: number): void {
  aheadMs = serverAt - Date.now();
  ticking.set(serverNow());
}

setInterval(() => ticking.set(serverNow()), 1_000);

/** The server's time, renewed every second for all that counts. */
export const useNow = ticking.use;
