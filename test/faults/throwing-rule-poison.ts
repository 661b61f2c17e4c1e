import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { inactivity as own } from '../../ingest/rules/inactivity.ts';

/**
 * Loaded before everything else (`node --import`), in every thread: the system's table of rules then gets this rule in place of its
 * own. The household that it fails on stands in a file; while that is empty it does what it always did.
 */
registerHooks({
  resolve(specifier, context, next) {
    const isTable = context.parentURL?.endsWith('/ingest/rules/registry.ts') ?? false;
    return isTable && specifier === './inactivity.ts'
      ? { url: import.meta.url, shortCircuit: true }
      : next(specifier, context);
  },
});

const file = process.env.POISONED_HOMES ?? '';
const isPoisoned = (householdId: string): boolean => readFileSync(file, 'utf8').split('\n').includes(householdId);

export const inactivity: typeof own = {
  ...own,
  step(state, input, home) {
    if (isPoisoned(home.household.householdId)) throw new Error('this rule fails on purpose');
    return own.step(state, input, home);
  },
};
