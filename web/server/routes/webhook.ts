import { newWebhook, newWebhookAnswer, webhooksAnswer } from '../../wire/system.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { userOf } from '../sessions.ts';
import { byId, nothing } from './path.ts';

export const webhookRoutes: Routes = (app, { store, clock }) => {
  app.get(
    '/webhooks',
    {
      config: { access: { action: 'webhook.edit', place: 'own' } },
      schema: { tags: ['webhook'], response: { 200: webhooksAnswer } },
    },
    async (request) => ({ webhooks: await store.webhooks({ scope: userOf(request) }) }),
  );

  app.post(
    '/webhooks',
    {
      config: { access: { action: 'webhook.edit', place: 'area' } },
      schema: { tags: ['webhook'], body: newWebhook, response: { 201: newWebhookAnswer } },
    },
    async (request, reply) => reply.status(201).send(await store.addWebhook({ ...request.body, now: clock.now() })),
  );

  app.delete(
    '/webhooks/:id',
    {
      config: { access: { action: 'webhook.edit', place: 'webhook' } },
      schema: { tags: ['webhook'], params: byId, response: { 204: nothing } },
    },
    async (request, reply) => {
      if (!(await store.removeWebhook({ id: request.params.id }))) throw new Refused('not_found');
      return reply.status(204).send();
    },
  );
};
