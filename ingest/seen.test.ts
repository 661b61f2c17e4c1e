import { expect, test } from 'vitest';
import type { LinkChange } from '../domain/packet.ts';
import { changeLink, newHubSeen } from './seen.ts';

const hears = (...changes: readonly (readonly [stream: string, kind: LinkChange['kind'], epoch: number])[]) => {
  const hub = newHubSeen(0);
  for (const [stream, kind, epoch] of changes)
    changeLink(hub, { kind, hubId: 'h', epoch, receivedAt: 0, monotonicAt: 0 }, stream, 0);
  return { up: hub.up, stream: hub.stream, epoch: hub.epoch };
};

test.each([
  [
    'goes over to another front end, and then ends at the first',
    [
      ['a', 'up', 5],
      ['b', 'up', 9],
      ['a', 'down', 5],
    ],
    { up: true, stream: 'b', epoch: 9 },
  ],
  [
    'went over to one whose clock is behind: its later connection comes first',
    [
      ['b', 'up', 2],
      ['b', 'up', 6],
      ['a', 'up', 5],
      ['a', 'down', 5],
    ],
    { up: true, stream: 'b', epoch: 6 },
  ],
  [
    'ends where it went',
    [
      ['a', 'up', 5],
      ['b', 'up', 9],
      ['b', 'down', 9],
    ],
    { up: false, stream: 'b', epoch: 9 },
  ],
  [
    'is not connected any more, whatever its epoch was, and comes by another',
    [
      ['a', 'up', 9],
      ['a', 'down', 9],
      ['b', 'up', 5],
    ],
    { up: true, stream: 'b', epoch: 5 },
  ],
  [
    'comes to the same front end, whose clock was set back',
    [
      ['a', 'up', 9],
      ['a', 'up', 5],
    ],
    { up: true, stream: 'a', epoch: 5 },
  ],
] as const)('a hub that %s', (_, changes, expected) => {
  expect(hears(...changes)).toEqual(expected);
});
