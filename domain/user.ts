import * as z from 'zod';

/** owner: answers for the system itself. supervisor: district or city. operator: a station's desk. hotline: the desk behind it. */
export const role = z.enum(['owner', 'supervisor', 'operator', 'hotline', 'installer', 'family']);
export type Role = z.infer<typeof role>;

export const user = z.object({
  id: z.string(),
  login: z.string().min(3).max(64),
  name: z.string().min(1).max(100),
  role,
  /** Where the role holds: an area and all below it, or (family) one household. */
  areaId: z.string().nullable(),
  householdId: z.string().nullable(),
});
export type User = z.infer<typeof user>;
