import { minutes } from '../../../domain/time.ts';
import { hubKeyAnswer, newHub } from '../../wire/household.ts';
import { commandAnswer, commandsAnswer, commandsQuery, newCommand } from '../../wire/hub.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { userOf } from '../sessions.ts';
import { byId, nothing } from './path.ts';

const tags = ['hub'];
const config = { access: { action: 'hub.edit', place: 'hub' } } as const;

/** A hub logs in by MQTT under its client identifier. */
const shownOnce = (added: { hubId: string; clientId: string; key: string }) => ({ ...added, username: added.clientId });

/** What is said to a hub on its down-link. */
export const commandRoutes: Routes = (app, { store, clock, nudge }) => {
  app.post(
    '/hubs/:id/commands',
    { config, schema: { tags, params: byId, body: newCommand, response: { 201: commandAnswer } } },
    async (request, reply) => {
      const { topic, payload, minutes: forMinutes } = request.body;
      const command = { hubId: request.params.id, topic, payload, askedBy: userOf(request).id };
      const asked = await store.sendToHub({ command, now: clock.now(), forMs: minutes(forMinutes) });
      if (!asked) throw new Refused('not_found');
      if (asked === 'too_many') throw new Refused('too_many_commands');
      nudge.send('commands');
      return reply.status(201).send(asked);
    },
  );

  app.get(
    '/hubs/:id/commands',
    { config, schema: { tags, params: byId, querystring: commandsQuery, response: { 200: commandsAnswer } } },
    async (request) => {
      const now = clock.now();
      const found = await store.commandsOf({ hubId: request.params.id, now, ...request.query });
      if (!found) throw new Refused('not_found');
      const { householdId, commands } = found;
      await store.recordLook({ userId: userOf(request).id, householdId, what: 'commands', now });
      return { commands };
    },
  );
};

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
