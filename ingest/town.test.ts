import { expect, test } from 'vitest';
import { decode } from './decoders/registry.ts';
import { ruleset } from './household.ts';
import { rules } from './rules/registry.ts';
import { HUB, householdOf, MIDNIGHT } from './timeline.test-kit.ts';
import { newTown, registerIn, takeTurn } from './town.ts';

test('of a hub that invents devices without end no more series are kept than of any other', () => {
  const town = newTown(ruleset(rules), decode, { number: 0, of: 1 });
  registerIn(town, householdOf());
  const readings = Array.from({ length: 600 }, (_, n) => ({ device: `d${n}`, kind: 'heart_rate', value: 70 }));
  const payload = Buffer.from(JSON.stringify({ readings: [...readings, { kind: 'battery', value: 90 }] }));
  const times = { receivedAt: MIDNIGHT, monotonicAt: 0 };
  const entry = { kind: 'packet', hubId: HUB, topic: 'sw/x/up', payload, qos: 1, retain: false, ...times } as const;
  const turn = { number: 1, at: MIDNIGHT, watchingSince: MIDNIGHT, linksSince: MIDNIGHT, cut: {} };
  takeTurn(town, turn, null, [{ entry, position: { stream: 's', number: 1 } }]);
  const gained = town.series.take('home-1');
  expect([gained?.latest.length, gained?.readings.length]).toEqual([501, 500]);
});
