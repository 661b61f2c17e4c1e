import * as z from 'zod';
import { role, user } from '../../domain/user.ts';

/** Who is logged in. `loggedIn` is null for a stranger, so that asking is never an error. `mqtt`: the doors that hubs come in by. */
export const sessionAnswer = z.object({
  loggedIn: user.nullable(),
  mqtt: z.object({ port: z.number(), tlsPort: z.number() }),
});

export const logInByPassword = z.object({ login: z.string().min(1).max(64), password: z.string().min(1).max(200) });
/** The token stands in the fragment of a one-time link, where no server log sees it. */
export const logInByLink = z.object({ token: z.string().min(20).max(200) });
export const setPassword = z.object({ password: z.string().min(10).max(200) });

export const newUser = z.object({
  /** In small letters, of which some alphabets need more than of capitals: so before they are counted. */
  login: z.string().toLowerCase().min(3).max(64),
  name: z.string().min(1).max(100),
  role,
  areaId: z.string().nullable().default(null),
  householdId: z.string().nullable().default(null),
});
/** The link is shown once. */
export const newUserAnswer = z.object({ user, link: z.string() });
export const usersAnswer = z.object({ users: z.array(user) });
