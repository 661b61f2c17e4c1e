import { createHash, timingSafeEqual } from 'node:crypto';
import { seconds } from '../domain/time.ts';
import { repeat } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import type { Nudge } from '../runtime/nudge.ts';
import type { Store } from '../store/commands.ts';
import type { AdmittedHub } from '../store/hub.ts';
import { type FailedAttempts, failedAttempts } from './failed-attempts.ts';

/** Why somebody was not let in, a word from a closed list. */
export type RefusalReason = 'no_client_id' | 'no_credential' | 'unknown_hub' | 'wrong_username' | 'wrong_key';

export type Admission =
  | { readonly kind: 'admitted'; readonly hub: AdmittedHub; readonly keyHash: string }
  /** The answer is to be held back for so long. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly afterMs: number };

export type Attempt = {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly address: string;
};

export type Admittance = {
  readonly admit: (attempt: Attempt) => Admission;
  /** Called for each hub that changed, with what is true of it now. */
  readonly onChange: (changed: (hub: AdmittedHub) => void) => void;
  readonly stop: () => Promise<void>;
};

const PAGE = 5_000;
/** A revoked key's socket closes within a second: half of it for finding out. */
const POLL_MS = seconds(0.5);

/** The active key that this password is, by its hash; both are compared in constant time. */
function keyOf(hub: AdmittedHub, password: Uint8Array): string | null {
  const digest = createHash('sha256').update(password).digest();
  return hub.keyHashes.find((hash) => timingSafeEqual(Buffer.from(hash, 'hex'), digest)) ?? null;
}

function decide(hubs: ReadonlyMap<string, AdmittedHub>, attempt: Attempt): Admission | RefusalReason {
  if (attempt.clientId === '') return 'no_client_id';
  if (attempt.username === undefined || attempt.password === undefined) return 'no_credential';
  const hub = hubs.get(attempt.clientId);
  if (!hub) return 'unknown_hub';
  if (attempt.username !== hub.clientId) return 'wrong_username';
  const keyHash = keyOf(hub, attempt.password);
  return keyHash === null ? 'wrong_key' : { kind: 'admitted', hub, keyHash };
}

/**
 * The registry of hubs in memory, so that letting one in asks nobody. A hub stays one and the same object however often it
 * changes: open connections hold it and see at once what is true of it now.
 */
export async function startAdmittance(options: {
  readonly store: Pick<Store, 'hubsSince'>;
  readonly log: Log;
  readonly nudge: Pick<Nudge, 'on'>;
  readonly attempts?: FailedAttempts;
}): Promise<Admittance> {
  const { store, log, nudge, attempts = failedAttempts(performance) } = options;
  const byClientId = new Map<string, AdmittedHub>();
  const byHubId = new Map<string, AdmittedHub>();
  const listeners: ((hub: AdmittedHub) => void)[] = [];
  let revision = 0;

  function learn(fresh: AdmittedHub): void {
    const known = byHubId.get(fresh.hubId);
    if (known && known.clientId !== fresh.clientId) byClientId.delete(known.clientId);
    // What the hub has told us of its devices in this life is at least as new as what the store had when it was asked.
    const hub = known ? Object.assign(known, fresh, { catalogue: known.catalogue ?? fresh.catalogue }) : fresh;
    byHubId.set(hub.hubId, hub);
    byClientId.set(hub.clientId, hub);
    for (const changed of listeners) changed(hub);
  }

  async function refresh(): Promise<void> {
    for (let full = true; full; ) {
      const page = await store.hubsSince({ revision, limit: PAGE });
      revision = page.revision;
      page.hubs.forEach(learn);
      full = page.hubs.length === PAGE;
    }
  }

  await refresh();
  const polling = repeat(log, 'registry', POLL_MS, refresh);
  const deaf = nudge.on('registry', polling.nudge);

  return {
    admit(attempt) {
      const decided = decide(byClientId, attempt);
      if (typeof decided !== 'string') return decided;
      return { kind: 'refused', reason: decided, afterMs: attempts.failed(attempt.address) };
    },
    onChange: (changed) => listeners.push(changed),
    async stop() {
      deaf();
      await polling.stop();
    },
  };
}
