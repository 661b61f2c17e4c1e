import type { RefusalReason } from '../admit.ts';

export type Refusal = RefusalReason | 'server_full';

/** What CONNACK says of it, by MQTT 3.1.1 section 3.2.2.3. */
export const returnCode: Record<Refusal, number> = {
  no_client_id: 2,
  server_full: 3,
  unknown_hub: 4,
  wrong_username: 4,
  wrong_key: 4,
  no_credential: 5,
};
