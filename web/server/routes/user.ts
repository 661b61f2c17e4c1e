import { hashOfKey, newKey } from '../../../store/hub.ts';
import { newUser, newUserAnswer, usersAnswer } from '../../wire/session.ts';
import type { Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { loginLink } from '../first-owner.ts';
import { originOf } from '../origin.ts';
import { userOf } from '../sessions.ts';
import { byId } from './path.ts';

export const userRoutes: Routes = (app, { store, clock, publicUrl }) => {
  app.get(
    '/users',
    {
      config: { access: { action: 'user.edit', place: 'own' } },
      schema: { tags: ['user'], response: { 200: usersAnswer } },
    },
    async (request) => ({ users: await store.users({ scope: userOf(request) }) }),
  );

  app.post(
    '/users',
    {
      config: { access: { action: 'user.edit', place: 'newUser' } },
      schema: { tags: ['user'], body: newUser, response: { 201: newUserAnswer } },
    },
    async (request, reply) => {
      const { login, role, householdId, areaId } = request.body;
      const ofHousehold = role === 'family';
      if ((householdId !== null) !== ofHousehold || (areaId === null) !== ofHousehold) {
        const path = ofHousehold ? 'householdId' : 'areaId';
        throw new Refused('invalid', [{ path, message: 'family belongs to a household, every other role to an area' }]);
      }
      const token = newKey();
      const user = await store.addUser({
        user: request.body,
        linkHash: hashOfKey(token),
        now: clock.now(),
      });
      if (!user) throw new Refused('login_taken', [{ path: 'login', message: login }]);
      return reply.status(201).send({ user, link: loginLink(originOf(request, publicUrl), token) });
    },
  );

  app.post(
    '/users/:id/link',
    {
      config: { access: { action: 'user.edit', place: 'user' } },
      schema: { tags: ['user'], params: byId, response: { 201: newUserAnswer } },
    },
    async (request, reply) => {
      const token = newKey();
      const user = await store.addLink({
        userId: request.params.id,
        linkHash: hashOfKey(token),
        now: clock.now(),
      });
      if (!user) throw new Refused('not_found');
      return reply.status(201).send({ user, link: loginLink(originOf(request, publicUrl), token) });
    },
  );
};
