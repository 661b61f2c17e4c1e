import { createHash } from 'node:crypto';
import type { Finding } from '../domain/finding.ts';

/**
 * The same emergency, with nothing in it that a hub wrote: for a memory that refuses a text or a number of it. About the hub itself, since
 * a device's name is such a text; at the time of its arrival, since its own may be the number.
 */
export function inPlainWords({ householdId, category, rule, about, occurrenceKey }: Finding, at: number): Finding {
  return {
    householdId,
    category,
    rule,
    about: { hubId: about.hubId, device: '' },
    occurrenceKey: `plain:${about.hubId}:${createHash('sha256').update(occurrenceKey).digest('hex')}`,
    at,
    delayMs: 0,
    sentence: {
      zh: '网关发来一条紧急消息，其中的细节无法保存，可能是求助，请核实。',
      en: 'The hub sent an emergency whose details could not be kept; it may be a call for help, so please check.',
    },
    evidence: { readings: [], numbers: {} },
  };
}
