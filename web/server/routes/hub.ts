import { hubKeyAnswer, newHub } from '../../wire/household.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { byId, nothing } from './path.ts';

const tags = ['hub'];
const config = { access: { action: 'hub.edit', place: 'hub' } } as const;

/** A hub logs in by MQTT under its client identifier. */
const shownOnce = (added: { hubId: string; clientId: string; key: string }) => ({ ...added, username: added.clientId });

export const hubRoutes: Routes = (app, { store, clock, nudge }) => {
  app.post(
    '/households/:id/hubs',
    {
      config: { access: { action: 'hub.edit', place: 'household' } },
      schema: { tags, params: byId, body: newHub, response: { 201: hubKeyAnswer } },
    },
    async (request, reply) => {
      const hub = { householdId: request.params.id, ...request.body };
      const added = await store.addHub({ hub, now: clock.now() });
      if (!added) throw new Refused('client_id_taken', [{ path: 'clientId', message: hub.clientId }]);
      nudge.send('registry');
      return reply.status(201).send(shownOnce(added));
    },
  );

  app.post(
    '/hubs/:id/keys',
    { config, schema: { tags, params: byId, response: { 201: hubKeyAnswer } } },
    async (request, reply) => {
      const added = await store.addHubKey({ hubId: request.params.id, now: clock.now() });
      if (!added) throw new Refused('not_found');
      nudge.send('registry');
      return reply.status(201).send(shownOnce(added));
    },
  );

  app.delete(
    '/hubs/:id/keys/oldest',
    { config, schema: { tags, params: byId, response: { 204: nothing } } },
    async (request, reply) => {
      if (!(await store.revokeOldestKey({ hubId: request.params.id }))) throw new Refused('not_found');
      nudge.send('registry');
      return reply.status(204).send();
    },
  );
};
