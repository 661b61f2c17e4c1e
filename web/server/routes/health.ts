import { setTimeout } from 'node:timers/promises';
import { seconds } from '../../../domain/time.ts';
import type { Store } from '../../../store/commands.ts';
import type { Routes } from '../deps.ts';

const ANSWERS_WITHIN_MS = seconds(3);
const SILENT = ['the database does not answer'];

const silentMemory = (store: Pick<Store, 'nextDue'>): Promise<readonly string[]> =>
  Promise.race([
    store.nextDue(null).then(
      () => [],
      () => SILENT,
    ),
    setTimeout(ANSWERS_WITHIN_MS, SILENT, { ref: false }),
  ]);

/** For whoever runs the machine; outside /api, since no console asks it. */
export const healthRoutes: Routes = (app, { store, metrics, unready }) => {
  app.get('/health/live', { config: { access: 'public' }, schema: { hide: true } }, async () => ({ live: true }));

  app.get('/health/ready', { config: { access: 'public' }, schema: { hide: true } }, async (_, reply) => {
    const reasons = [...unready(), ...(await silentMemory(store))];
    return reply.status(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });

  /** Figures of the whole system: for this machine, or for a logged-in owner. */
  app.get('/metrics', { config: { access: 'operations' }, schema: { hide: true } }, async (_, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text()),
  );
};
