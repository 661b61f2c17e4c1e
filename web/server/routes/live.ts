import { shownRequest } from '../../wire/alert.ts';
import type { Routes } from '../deps.ts';
import { sessionOf, userOf } from '../sessions.ts';
import { confirmShown } from '../shown.ts';
import { nothing } from './path.ts';

/** Everybody's screen has to know whether its server is there; of alerts each hears what its user may see, an installer none. */
const joining = { access: { action: 'session.own', place: 'own' } } as const;
const showing = { access: { action: 'alert.see', place: 'own' } } as const;

export const liveRoutes: Routes = (app, deps) => {
  app.get('/live', { websocket: true, config: joining }, (socket, request) =>
    deps.live.join(socket, sessionOf(request)),
  );

  app.post(
    '/notices/shown',
    { config: showing, schema: { tags: ['alert'], body: shownRequest, response: { 204: nothing } } },
    async (request, reply) => {
      await confirmShown(deps, userOf(request), request.body.noticeIds);
      return reply.status(204).send();
    },
  );
};
