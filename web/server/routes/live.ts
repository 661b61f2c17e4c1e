import { shownRequest } from '../../wire/alert.ts';
import type { Routes } from '../deps.ts';
import { sessionOf, userOf } from '../sessions.ts';
import { confirmShown } from '../shown.ts';
import { nothing } from './path.ts';

const config = { access: { action: 'alert.see', place: 'own' } } as const;

export const liveRoutes: Routes = (app, deps) => {
  app.get('/live', { websocket: true, config }, (socket, request) => deps.live.join(socket, sessionOf(request)));

  app.post(
    '/notices/shown',
    { config, schema: { tags: ['alert'], body: shownRequest, response: { 204: nothing } } },
    async (request, reply) => {
      await confirmShown(deps, userOf(request), request.body.noticeIds);
      return reply.status(204).send();
    },
  );
};
