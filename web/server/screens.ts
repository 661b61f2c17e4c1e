import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { App } from './deps.ts';
import { Refused } from './errors.ts';

/** Every address that is neither a file nor of the API is a page of the screens, which find their own way. */
const isPage = (url: string): boolean => !/^\/(api|health|metrics)(\/|$|\?)/.test(url) && !/\.\w+($|\?)/.test(url);

/** The built screens. Names of assets carry their content's hash and stay good for ever; the page itself is asked for each time. */
export async function serveScreens(app: App, folder: string): Promise<void> {
  const built = existsSync(join(folder, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root: folder,
      index: 'index.html',
      setHeaders: (reply, path) => {
        const forEver = path.includes(`${join(folder, 'assets')}`);
        reply.header('cache-control', forEver ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
      cacheControl: false,
    });
  }
  app.setNotFoundHandler((request, reply) => {
    if (request.method !== 'GET' || !isPage(request.url)) throw new Refused('not_found');
    if (!built) throw new Refused('screens_missing');
    return reply.sendFile('index.html');
  });
}
