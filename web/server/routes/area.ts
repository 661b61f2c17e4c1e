import { areaKind, ROOT_AREA } from '../../../domain/household.ts';
import { areasAnswer, newArea, newAreaAnswer } from '../../wire/area.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { userOf } from '../sessions.ts';

const rank = (kind: (typeof areaKind.options)[number]): number => areaKind.options.indexOf(kind);

export const areaRoutes: Routes = (app, { store }) => {
  app.get(
    '/areas',
    {
      config: { access: { action: 'area.see', place: 'own' } },
      schema: { tags: ['area'], response: { 200: areasAnswer } },
    },
    async (request) => ({ areas: await store.areas({ scope: userOf(request) }) }),
  );

  app.post(
    '/areas',
    {
      config: { access: { action: 'area.edit', place: 'parentArea' } },
      schema: { tags: ['area'], body: newArea, response: { 201: newAreaAnswer } },
    },
    async (request, reply) => {
      const parent = await store.area({ id: request.body.parentId });
      if (!parent) throw new Refused('not_found');
      if (parent.id !== ROOT_AREA && rank(request.body.kind) <= rank(parent.kind)) {
        throw new Refused('invalid', [{ path: 'kind', message: `below a ${parent.kind} only something smaller` }]);
      }
      return reply.status(201).send({ area: await store.addArea({ area: request.body }) });
    },
  );
};
