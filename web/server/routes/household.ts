import { factsOf } from '../../../domain/reading.ts';
import type { Looked } from '../../../store/look.ts';
import {
  accessAnswer,
  deviceChange,
  householdFile,
  householdPatch,
  householdsAnswer,
  householdsQuery,
  seriesAnswer,
  seriesQuery,
  timelineAnswer,
  timelineQuery,
} from '../../wire/household.ts';
import type { Deps, Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { userOf } from '../sessions.ts';
import { byId, nothing } from './path.ts';

type Look = Parameters<typeof userOf>[0] & { readonly params: { readonly id: string } };

const recordLook = ({ store, clock }: Deps, request: Look, what: Looked): Promise<void> =>
  store.recordLook({ userId: userOf(request).id, householdId: request.params.id, what, now: clock.now() });

const seen = { access: { action: 'household.see', place: 'household' } } as const;
const edited = { access: { action: 'household.edit', place: 'household' } } as const;
const tags = ['household'];

/** What is seen of a home: each of these is a look at somebody's life, and recorded before it is answered. */
export const householdViewRoutes: Routes = (app, deps) => {
  const { store, clock } = deps;

  app.get(
    '/households',
    {
      config: { access: { action: 'household.see', place: 'own' } },
      schema: { tags, querystring: householdsQuery, response: { 200: householdsAnswer } },
    },
    async (request) => store.households({ scope: userOf(request), ...request.query }),
  );

  app.get(
    '/households/:id',
    { config: seen, schema: { tags, params: byId, response: { 200: householdFile } } },
    async (request) => {
      await recordLook(deps, request, 'file');
      const now = clock.now();
      const file = await store.householdFile({ id: request.params.id, now });
      if (!file) throw new Refused('not_found');
      return { serverAt: now, ...file };
    },
  );

  app.post(
    '/households/:id/access',
    {
      config: { access: { action: 'household.access', place: 'household' } },
      schema: { tags, params: byId, response: { 200: accessAnswer } },
    },
    async (request) => {
      await recordLook(deps, request, 'access');
      const access = await store.accessTo({ id: request.params.id });
      if (access === null) throw new Refused('not_found');
      return { access };
    },
  );

  app.get(
    '/households/:id/timeline',
    { config: seen, schema: { tags, params: byId, querystring: timelineQuery, response: { 200: timelineAnswer } } },
    async (request) => {
      await recordLook(deps, request, 'timeline');
      const { before = Number.MAX_SAFE_INTEGER, limit } = request.query;
      return { entries: await store.timeline({ householdId: request.params.id, before, limit }) };
    },
  );

  app.get(
    '/households/:id/series',
    { config: seen, schema: { tags, params: byId, querystring: seriesQuery, response: { 200: seriesAnswer } } },
    async (request) => {
      await recordLook(deps, request, 'series');
      const { kind } = request.query;
      const points = await store.series({ householdId: request.params.id, ...request.query });
      return { kind, unit: factsOf(kind).unit ?? '', points };
    },
  );
};

export const householdRoutes: Routes = (app, { store, nudge }) => {
  app.patch(
    '/households/:id',
    { config: edited, schema: { tags, params: byId, body: householdPatch, response: { 204: nothing } } },
    async (request, reply) => {
      await store.changeHousehold({ id: request.params.id, change: request.body });
      nudge.send('registry');
      return reply.status(204).send();
    },
  );

  app.put(
    '/households/:id/devices',
    { config: edited, schema: { tags, params: byId, body: deviceChange, response: { 204: nothing } } },
    async (request, reply) => {
      const device = { householdId: request.params.id, ...request.body };
      if (!(await store.describeDevice({ device }))) {
        throw new Refused('not_found', [{ path: 'hubId', message: 'this household has no such hub' }]);
      }
      nudge.send('registry');
      return reply.status(204).send();
    },
  );
};
