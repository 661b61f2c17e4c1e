import type { Channel, Told } from '../channel.ts';

const handedOver: Told = { kind: 'waiting', reason: 'sent', answer: '', destination: 'console' };
const notHeard: Told = { kind: 'gave_up', reason: 'not_heard', answer: '', destination: 'console' };

/** Consoles read the notices that wait and confirm what they have shown; one that comes back still waiting was shown to nobody. */
export const consoles: Channel = {
  tell: async ({ notice }) => [notice.state === 'waiting' ? notHeard : handedOver],
};
