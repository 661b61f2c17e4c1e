import type { FastifyReply, FastifyRequest } from 'fastify';
import type { User } from '../../domain/user.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../../store/commands.ts';
import { hashOfKey } from '../../store/hub.ts';
import { Refused } from './errors.ts';

export type Session = { readonly user: User; readonly tokenHash: string };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for every route that is not public. */
    session: Session | null;
  }
}

/** `__Host-` binds the cookie to this host and to https; a browser takes it over http on no host, so loopback has a name of its own. */
const cookieName = (request: FastifyRequest): string =>
  request.protocol === 'https' ? '__Host-shouwang' : 'shouwang-session';

/** The cookie outlives the session: the server's own row says when that ends. */
const COOKIE_SECONDS = 30 * 24 * 3_600;

const cookieOptions = (request: FastifyRequest) =>
  ({ path: '/', httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https' }) as const;

export function giveCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.setCookie(cookieName(request), token, { ...cookieOptions(request), maxAge: COOKIE_SECONDS });
}

export function takeCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName(request), cookieOptions(request));
}

/** Whose session the cookie is; null for a stranger. A session that is used is prolonged. */
export async function findSession(
  store: Pick<Store, 'sessionOf' | 'prolongSession'>,
  clock: Clock,
  request: FastifyRequest,
): Promise<Session | null> {
  const token = request.cookies[cookieName(request)];
  if (!token) return null;
  const tokenHash = hashOfKey(token);
  const now = clock.now();
  const found = await store.sessionOf({ tokenHash, now });
  if (!found) return null;
  if (found.prolong) await store.prolongSession({ tokenHash, now });
  return { user: found.user, tokenHash };
}

export function sessionOf(request: FastifyRequest): Session {
  if (!request.session) throw new Refused('not_logged_in');
  return request.session;
}

export const userOf = (request: FastifyRequest): User => sessionOf(request).user;
