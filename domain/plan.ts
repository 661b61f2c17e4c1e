import * as z from 'zod';
import type { Category, Priority } from './category.ts';
import { categories } from './category.ts';

/** Whom a step tells. `owner` is whoever answers for the system itself. */
export const audience = z.enum(['station', 'family', 'hotline', 'district', 'owner']);
export type Audience = z.infer<typeof audience>;

export const channelName = z.enum(['console', 'webhook']);
export type ChannelName = z.infer<typeof channelName>;

/** One rung: so long after the alert was raised, tell these, through the first of these channels that is heard. */
export const step = z.object({
  afterSeconds: z.number().int().min(0).max(86_400),
  tell: z.array(audience).min(1),
  channels: z
    .array(channelName)
    .min(1)
    // One telling a channel: a notice that came to the same one again would be taken for told, and those behind it never have their turn.
    .refine((channels) => new Set(channels).size === channels.length, { message: 'each channel once' }),
});
export type Step = z.infer<typeof step>;

/** Steps in order; the last one repeats and always tells the owner too, so that no alert can end in silence. */
export const plan = z
  .object({
    steps: z.array(step).min(1).max(10),
    repeatSeconds: z.number().int().min(30).max(86_400),
    /** From taking to being on site, and from attending to closing. */
    attendSeconds: z.number().int().min(60).max(604_800),
    closeSeconds: z.number().int().min(60).max(2_592_000),
  })
  .refine((p) => p.steps.every((s, i) => i === 0 || s.afterSeconds > (p.steps[i - 1]?.afterSeconds ?? 0)), {
    message: 'steps must be in the order of time',
  })
  .refine((p) => p.steps.at(-1)?.tell.includes('owner'), { message: 'the last step must tell the owner' });
export type Plan = z.infer<typeof plan>;

const to = (afterSeconds: number, tell: Audience[], channels: ChannelName[] = ['console', 'webhook']): Step => ({
  afterSeconds,
  tell,
  channels,
});

/** Answered within 60 s and 180 s are the field's two clocks (TSA, EN 50134-7); on site within 30 min. */
const byPriority: Record<Priority, Plan> = {
  1: {
    steps: [to(0, ['station', 'family']), to(60, ['hotline']), to(180, ['district', 'hotline', 'station', 'owner'])],
    repeatSeconds: 120,
    attendSeconds: 1_800,
    closeSeconds: 14_400,
  },
  2: {
    steps: [to(0, ['station']), to(180, ['station', 'hotline', 'family']), to(600, ['district', 'hotline', 'owner'])],
    repeatSeconds: 600,
    attendSeconds: 3_600,
    closeSeconds: 28_800,
  },
  3: {
    steps: [to(0, ['station']), to(1_800, ['station']), to(7_200, ['station', 'district', 'owner'])],
    repeatSeconds: 7_200,
    attendSeconds: 14_400,
    closeSeconds: 86_400,
  },
  4: {
    steps: [to(0, ['station']), to(28_800, ['station']), to(86_400, ['station', 'district', 'owner'])],
    repeatSeconds: 86_400,
    attendSeconds: 86_400,
    closeSeconds: 604_800,
  },
};

const system: Plan = { steps: [to(0, ['owner'])], repeatSeconds: 600, attendSeconds: 3_600, closeSeconds: 86_400 };

/** What differs in one household, by category. */
export const planOverrides = z.partialRecord(z.enum(Object.keys(categories) as [Category, ...Category[]]), plan);
export type PlanOverrides = z.infer<typeof planOverrides>;

export function planFor(category: Category, overrides: PlanOverrides): Plan {
  const own = overrides[category];
  if (own) return own;
  return category === 'system' ? system : byPriority[categories[category].priority];
}
