import type { Routes } from '../deps.ts';

/** For whoever runs the machine; outside /api, since no console asks it. */
export const healthRoutes: Routes = (app, { metrics, unready }) => {
  app.get('/health/live', { config: { access: 'public' }, schema: { hide: true } }, async () => ({ live: true }));

  app.get('/health/ready', { config: { access: 'public' }, schema: { hide: true } }, async (_, reply) => {
    const reasons = unready();
    return reply.status(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
  });

  /** Figures of the whole system: for this machine, or for a logged-in owner. */
  app.get('/metrics', { config: { access: 'operations' }, schema: { hide: true } }, async (_, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text()),
  );
};
