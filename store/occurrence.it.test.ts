import { expect, test } from 'vitest';
import type { Finding } from '../domain/finding.ts';
import { SYSTEM_HOUSEHOLD } from '../domain/household.ts';
import { engines } from '../test/memory.ts';
import { openStoreHere } from './open.ts';

const pressed = (occurrenceKey: string): Finding => ({
  householdId: SYSTEM_HOUSEHOLD,
  category: 'sos',
  about: { hubId: 'hub', device: 'button' },
  rule: 'critical',
  occurrenceKey,
  at: 0,
  delayMs: 0,
  sentence: { zh: '按下了紧急按钮', en: 'The emergency button was pressed' },
  evidence: { readings: [], numbers: {} },
});

test.each(engines)('causes are read page by page, each with its alert, none twice ($name)', async (engine) => {
  if (engine.unavailable) return;
  const { database, stop } = await engine.start();
  const { store, close } = await openStoreHere(await database());
  const keys = ['a', 'b', 'c', 'd', 'e'];
  const [alert] = await store.raise({ findings: keys.map(pressed), now: 0 });
  const found: string[] = [];
  for (let after = { householdId: '', key: '' }; ; ) {
    const page = await store.occurrencesAfter({ after, limit: 2 });
    for (const it of page) expect(it).toMatchObject({ alertId: alert?.id, category: 'sos' });
    found.push(...page.map(({ key }) => key));
    const last = page.at(-1);
    if (!last) break;
    after = last;
  }
  expect(found).toEqual(keys);
  await close();
  await stop();
});
