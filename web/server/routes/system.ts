import { seconds } from '../../../domain/time.ts';
import type { Answer } from '../../../store/commands.ts';
import { systemAnswer } from '../../wire/system.ts';
import type { Routes } from '../deps.ts';
import { userOf } from '../sessions.ts';

/** Counting a city takes longer than it stays interesting: desks of the same area share an answer for so long. */
const SHARED_MS = seconds(5);

export const systemRoutes: Routes = (app, { store, clock }) => {
  const answers = new Map<string, { readonly at: number; readonly state: Promise<Answer<'systemState'>> }>();

  app.get(
    '/system',
    {
      config: { access: { action: 'system.see', place: 'own' } },
      schema: { tags: ['system'], response: { 200: systemAnswer } },
    },
    async (request) => {
      const now = clock.now();
      const { areaId, householdId } = userOf(request);
      for (const [key, { at }] of answers) if (now - at > SHARED_MS) answers.delete(key);
      const key = `${areaId} ${householdId}`;
      const known = answers.get(key) ?? { at: now, state: store.systemState({ scope: { areaId, householdId }, now }) };
      answers.set(key, known);
      return { serverAt: now, ...(await known.state) };
    },
  );
};
