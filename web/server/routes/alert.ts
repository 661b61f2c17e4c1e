import { actAnswer, actRequest, alertAnswer, queueAnswer, queueQuery } from '../../wire/alert.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { userOf } from '../sessions.ts';
import { byId } from './path.ts';

export const alertRoutes: Routes = (app, { store, clock, nudge }) => {
  app.get(
    '/alerts',
    {
      config: { access: { action: 'alert.see', place: 'own' } },
      schema: { tags: ['alert'], querystring: queueQuery, response: { 200: queueAnswer } },
    },
    async (request) => {
      const user = userOf(request);
      const now = clock.now();
      return { serverAt: now, ...(await store.queue({ scope: user, userId: user.id, ...request.query, now })) };
    },
  );

  app.get(
    '/alerts/:id',
    {
      config: { access: { action: 'alert.see', place: 'alert' } },
      schema: { tags: ['alert'], params: byId, response: { 200: alertAnswer } },
    },
    async (request) => {
      const now = clock.now();
      const record = await store.alertRecord({ id: request.params.id });
      if (!record) throw new Refused('not_found');
      const { householdId } = record.alert;
      await store.recordLook({ userId: userOf(request).id, householdId, what: 'alert', now });
      return { serverAt: now, ...record };
    },
  );

  app.post(
    '/alerts/:id/act',
    {
      config: { access: { action: 'alert.act', place: 'alert' } },
      schema: { tags: ['alert'], params: byId, body: actRequest, response: { 200: actAnswer } },
    },
    async (request) => {
      const { id } = request.params;
      const { action, version } = request.body;
      const acted = await store.act({
        alertId: id,
        action,
        by: userOf(request).id,
        seenVersion: version,
        now: clock.now(),
      });
      if (!acted) throw new Refused('not_found');
      if (acted.refusal) throw new Refused(acted.refusal);
      nudge.send('alerts');
      nudge.send('commands');
      const alert = await store.queuedAlert({ id });
      if (!alert) throw new Refused('not_found');
      return { alert };
    },
  );
};
