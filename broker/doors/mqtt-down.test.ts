import fc from 'fast-check';
import { expect, test } from 'vitest';
import { publishFrame } from './mqtt-down.ts';
import { publishFrame as knownGood } from './raw-hub.ts';

test('a frame is as the standard has it, of any length', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.integer({ min: 0, max: 70_000 }),
      fc.integer({ min: 1, max: 65_535 }),
      (topic, bytes, id) => {
        const payload = Buffer.alloc(bytes, 'é');
        expect(publishFrame(topic, payload, id)).toEqual(knownGood({ topic, payload, qos: 1, id }));
        expect(publishFrame(topic, payload, null)).toEqual(knownGood({ topic, payload, qos: 0 }));
      },
    ),
    { numRuns: 200 },
  );
});
