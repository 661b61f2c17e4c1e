import { letIn } from '../let-in.ts';
import type { Credential } from './seeds.ts';

const MALFORMED = [
  '',
  '{',
  '{"readings":[{"kind":"so',
  '[]',
  'null',
  '\u0000',
  '{"readings":[{"kind":"unheard_of"}]}',
  '\ud800',
];

/** A hub whose cries for help nobody can read: each is acknowledged, and must be an occurrence of an alert. Resolves to how many were. */
export async function stammer(
  port: number,
  { clientId, key }: Credential,
  { times, everyMs }: { readonly times: number; readonly everyMs: number },
): Promise<number> {
  const client = await letIn(port, { clientId, key });
  for (let n = 0; n < times; n++) {
    await client.publishAsync(`sw/${clientId}/emergency`, MALFORMED[n % MALFORMED.length] ?? '', { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await client.endAsync();
  return times;
}
