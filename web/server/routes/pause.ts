import { pause } from '../../../domain/household.ts';
import { newPause } from '../../wire/household.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { byId, nothing, partById } from './path.ts';

const config = { access: { action: 'household.edit', place: 'household' } } as const;
const tags = ['pause'];

export const pauseRoutes: Routes = (app, { store, clock, nudge }) => {
  app.post(
    '/households/:id/pauses',
    { config, schema: { tags, params: byId, body: newPause, response: { 201: pause } } },
    async (request, reply) => {
      const { fromAt, toAt } = request.body;
      if (toAt <= fromAt) throw new Refused('invalid', [{ path: 'toAt', message: 'after fromAt' }]);
      const added = await store.addPause({ pause: { householdId: request.params.id, ...request.body } });
      nudge.send('registry');
      return reply.status(201).send(added);
    },
  );

  app.delete(
    '/households/:id/pauses/:partId',
    { config, schema: { tags, params: partById, response: { 204: nothing } } },
    async (request, reply) => {
      const { id: householdId, partId: id } = request.params;
      if (!(await store.endPause({ householdId, id, now: clock.now() }))) throw new Refused('not_found');
      nudge.send('registry');
      return reply.status(204).send();
    },
  );
};
