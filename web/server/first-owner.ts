import type { Store } from '../../store/commands.ts';
import { hashOfKey, newKey } from '../../store/hub.ts';

/** The token stands in the fragment, which a browser sends to nobody. */
export const loginLink = (origin: string, token: string): string => `${origin.replace(/\/$/, '')}/login#token=${token}`;

/**
 * The way in while there is none: nobody has a password or a session. Creates the owner when there is nobody at all; each link ends
 * those before it. Null when somebody can log in.
 */
export async function firstOwnerLink(
  store: Pick<Store, 'addFirstOwnerLink'>,
  publicUrl: string,
  now: number,
): Promise<string | null> {
  const token = newKey();
  const added = await store.addFirstOwnerLink({ linkHash: hashOfKey(token), now });
  return added ? loginLink(publicUrl, token) : null;
}
