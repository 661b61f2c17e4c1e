import type { ChannelName } from '../../domain/plan.ts';
import type { Channel } from '../channel.ts';
import { consoles } from './console.ts';
import { webhooks } from './webhook.ts';

export type Channels = Readonly<Record<ChannelName, Channel>>;

export const channels = (publicUrl: string, now: () => number): Channels => ({
  console: consoles,
  webhook: webhooks(publicUrl, now),
});
