import { readFileSync } from 'node:fs';
import type { Credential } from './sim-hub.ts';

export type HubLine = Credential & { readonly topic: string };

/** `clientId,username,password,topic`, a hub a line, no heading: what other load generators read too. */
export function readHubs(file: string): HubLine[] {
  return readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line, i) => {
      const [clientId, username, password, topic, ...more] = line.split(',');
      if (!clientId || !username || !password || !topic || more.length > 0)
        throw new Error(`${file}, line ${i + 1}: expected clientId,username,password,topic`);
      return { clientId, username, password, topic };
    });
}

export const hubLine = ({ clientId, username, password, topic }: HubLine): string =>
  `${clientId},${username},${password},${topic}\n`;
