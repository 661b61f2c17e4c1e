import * as z from 'zod';
import { area } from '../../domain/household.ts';

export const areasAnswer = z.object({ areas: z.array(area) });
export const newArea = area.pick({ kind: true, parentId: true, name: true }).extend({ parentId: z.string() });
export const newAreaAnswer = z.object({ area });
