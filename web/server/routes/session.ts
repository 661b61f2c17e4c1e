import { hashOfKey, newKey } from '../../../store/hub.ts';
import { logInByLink, logInByPassword, sessionAnswer, setPassword } from '../../wire/session.ts';
import type { App, Routes } from '../deps.ts';
import { Refused } from '../errors.ts';
import { hashPassword, passwordFits } from '../password.ts';
import { findSession, giveCookie, sessionOf, takeCookie } from '../sessions.ts';
import { nothing } from './path.ts';

type Attempt = { readonly ip: string; readonly body: unknown };
const loginOf = ({ body }: Attempt): string => (body as { login?: string }).login?.toLowerCase() ?? '';

/** Guessing is slowed down twice: for one login from one address, and for an address whatever it guesses. */
function attemptsAllowed(app: App): (request: Parameters<ReturnType<App['createRateLimit']>>[0]) => Promise<void> {
  const timeWindow = '1 minute';
  const limits = [
    app.createRateLimit({ max: 120, timeWindow, keyGenerator: ({ ip }) => `address ${ip}` }),
    app.createRateLimit({ max: 10, timeWindow, keyGenerator: (request) => `login ${request.ip} ${loginOf(request)}` }),
  ];
  return async (request) => {
    for (const limit of limits) {
      const counted = await limit(request);
      if (counted.isAllowed || !counted.isExceeded) continue;
      throw new Refused('too_many_attempts', [], { seconds: String(counted.ttlInSeconds) });
    }
  };
}

/** The two ways in. */
export const logInRoutes: Routes = (app, { store, clock, mqtt }) => {
  const checkAttempts = attemptsAllowed(app);

  app.post(
    '/session/password',
    {
      config: { access: 'public' },
      schema: { tags: ['session'], body: logInByPassword, response: { 200: sessionAnswer } },
    },
    async (request, reply) => {
      await checkAttempts(request);
      const found = await store.userByLogin({ login: loginOf(request) });
      const fits = await passwordFits(found?.passwordHash ?? null, request.body.password);
      if (!found || !fits) throw new Refused('wrong_credentials');
      const token = newKey();
      await store.openSession({ userId: found.user.id, tokenHash: hashOfKey(token), now: clock.now() });
      giveCookie(request, reply, token);
      return { loggedIn: found.user, mqtt };
    },
  );

  app.post(
    '/session/link',
    {
      config: { access: 'public' },
      schema: { tags: ['session'], body: logInByLink, response: { 200: sessionAnswer } },
    },
    async (request, reply) => {
      await checkAttempts(request);
      const token = newKey();
      const loggedIn = await store.openSessionByLink({
        linkHash: hashOfKey(request.body.token),
        tokenHash: hashOfKey(token),
        now: clock.now(),
      });
      if (!loggedIn) throw new Refused('link_used');
      giveCookie(request, reply, token);
      return { loggedIn, mqtt };
    },
  );
};

export const sessionRoutes: Routes = (app, { store, clock, live, mqtt }) => {
  app.get(
    '/session',
    { config: { access: 'public' }, schema: { tags: ['session'], response: { 200: sessionAnswer } } },
    async (request) => ({ loggedIn: (await findSession(store, clock, request))?.user ?? null, mqtt }),
  );

  app.delete(
    '/session',
    {
      config: { access: { action: 'session.own', place: 'own' } },
      schema: { tags: ['session'], response: { 204: nothing } },
    },
    async (request, reply) => {
      const { tokenHash } = sessionOf(request);
      await store.endSession({ tokenHash });
      live.leave((session) => session.tokenHash === tokenHash);
      takeCookie(request, reply);
      return reply.status(204).send();
    },
  );

  app.post(
    '/session/own-password',
    {
      config: { access: { action: 'session.own', place: 'own' } },
      schema: { tags: ['session'], body: setPassword, response: { 204: nothing } },
    },
    async (request, reply) => {
      const { user, tokenHash } = sessionOf(request);
      await store.setPassword({
        userId: user.id,
        passwordHash: await hashPassword(request.body.password),
        keep: tokenHash,
      });
      live.leave((session) => session.user.id === user.id && session.tokenHash !== tokenHash);
      return reply.status(204).send();
    },
  );
};
