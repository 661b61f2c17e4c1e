import { contact, resident } from '../../../domain/household.ts';
import { newContact, newResident } from '../../wire/household.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { byId, nothing, partById } from './path.ts';

const config = { access: { action: 'household.edit', place: 'household' } } as const;

export const residentRoutes: Routes = (app, { store, nudge }) => {
  const tags = ['resident'];
  const changed = (done: boolean): void => {
    if (!done) throw new Refused('not_found');
    nudge.send('registry');
  };

  app.post(
    '/households/:id/residents',
    { config, schema: { tags, params: byId, body: newResident, response: { 201: resident } } },
    async (request, reply) => {
      const added = await store.addResident({ resident: { householdId: request.params.id, ...request.body } });
      nudge.send('registry');
      return reply.status(201).send(added);
    },
  );
  app.put(
    '/households/:id/residents/:partId',
    { config, schema: { tags, params: partById, body: newResident, response: { 204: nothing } } },
    async (request, reply) => {
      const { id: householdId, partId: id } = request.params;
      changed(await store.changeResident({ resident: { id, householdId, ...request.body } }));
      return reply.status(204).send();
    },
  );
  app.delete(
    '/households/:id/residents/:partId',
    { config, schema: { tags, params: partById, response: { 204: nothing } } },
    async (request, reply) => {
      const { id: householdId, partId: id } = request.params;
      changed(await store.removeResident({ householdId, id }));
      return reply.status(204).send();
    },
  );
};

export const contactRoutes: Routes = (app, { store }) => {
  const tags = ['contact'];
  const found = (done: boolean): void => {
    if (!done) throw new Refused('not_found');
  };

  app.post(
    '/households/:id/contacts',
    { config, schema: { tags, params: byId, body: newContact, response: { 201: contact } } },
    async (request, reply) =>
      reply.status(201).send(await store.addContact({ contact: { householdId: request.params.id, ...request.body } })),
  );
  app.put(
    '/households/:id/contacts/:partId',
    { config, schema: { tags, params: partById, body: newContact, response: { 204: nothing } } },
    async (request, reply) => {
      const { id: householdId, partId: id } = request.params;
      found(await store.changeContact({ contact: { id, householdId, ...request.body } }));
      return reply.status(204).send();
    },
  );
  app.delete(
    '/households/:id/contacts/:partId',
    { config, schema: { tags, params: partById, response: { 204: nothing } } },
    async (request, reply) => {
      const { id: householdId, partId: id } = request.params;
      found(await store.removeContact({ householdId, id }));
      return reply.status(204).send();
    },
  );
};
