import { beforeEach, describe, expect, it } from 'vitest';
import type { JournalEntry } from '../domain/packet.ts';
import { minutes, seconds } from '../domain/time.ts';
import type { Turn } from '../store/processor.ts';
import { decode } from './decoders/registry.ts';
import { ruleset } from './household.ts';
import { rules } from './rules/registry.ts';
import { householdOf, MIDNIGHT } from './timeline.test-kit.ts';
import { newTown, registerIn, type Town, takeTurn } from './town.ts';

const hubs = ['left', 'right'] as const;
type Front = 'a' | 'b';

/** Two homes over two intakes on a moved clock; each intake beats while it lives. */
function twoFronts() {
  const all: Town = newTown(ruleset(rules), decode, { number: 0, of: 1 });
  for (const id of hubs) {
    registerIn(all, {
      ...householdOf({}, `home ${id}`),
      hubs: [{ id, power: 'mains', ecosystem: 'shouwang' }],
    });
  }
  const alive = new Map<Front, number>();
  const numbers = { a: 0, b: 0 };
  const said: string[] = [];
  let now = MIDNIGHT;
  let last: Turn | null = null;

  function turn(...entries: (readonly [Front, JournalEntry])[]): void {
    const watching = { watchingSince: MIDNIGHT, linksSince: MIDNIGHT };
    const next: Turn = { number: (last?.number ?? 0) + 1, at: now, ...watching, cut: {} };
    const heard = entries.map(([stream, entry]) => ({ entry, position: { stream, number: ++numbers[stream] } }));
    for (const it of takeTurn(all, next, last, heard).conclusions) {
      said.push(
        'finding' in it
          ? `${it.finding.category} ${it.finding.about.hubId}`
          : `-${it.recovery.category} ${it.recovery.about.hubId}`,
      );
    }
    last = next;
  }
  const times = (front: Front) => ({ receivedAt: now, monotonicAt: now - (alive.get(front) ?? now) });

  return {
    said: () => said.splice(0).sort(),
    begin(front: Front) {
      alive.set(front, now);
      turn([front, { kind: 'beat', ...times(front) }]);
    },
    end: (front: Front) => alive.delete(front),
    /** It stands still and goes on later as the same. */
    stopped: (front: Front) => {
      const origin = alive.get(front) ?? now;
      alive.delete(front);
      return () => void alive.set(front, origin);
    },
    up: (front: Front, hubId: string, epoch = 1) => turn([front, { kind: 'up', hubId, epoch, ...times(front) }]),
    down: (front: Front, hubId: string, epoch = 1) => turn([front, { kind: 'down', hubId, epoch, ...times(front) }]),
    pass(ms: number) {
      for (const until = now + ms; now < until; ) {
        now += seconds(10);
        turn(...[...alive.keys()].map((front) => [front, { kind: 'beat', ...times(front) }] as const));
      }
    },
  };
}

describe('with two intakes', () => {
  let town: ReturnType<typeof twoFronts>;
  beforeEach(() => {
    town = twoFronts();
    town.begin('a');
    town.pass(seconds(10));
    town.begin('b');
    town.up('a', 'left');
    town.up('b', 'right');
    town.pass(minutes(30));
    expect(town.said()).toEqual([]);
  });

  it('a hub is lost when its intake has died and it comes back nowhere; those of the other intake are not', () => {
    town.end('a');
    town.pass(minutes(3));
    expect(town.said()).toEqual([]);
    town.pass(minutes(1));
    expect(town.said()).toEqual(['hub_lost left']);
    town.up('b', 'left', 2);
    expect(town.said()).toEqual(['-hub_lost left']);
  });

  it('a hub that comes back at the other intake is not lost', () => {
    town.end('a');
    town.pass(minutes(2));
    town.up('b', 'left', 2);
    town.pass(minutes(60));
    expect(town.said()).toEqual([]);
  });

  it('an intake that stood still for two minutes goes on with its hubs', () => {
    const goOn = town.stopped('a');
    town.pass(minutes(2));
    goOn();
    town.pass(minutes(60));
    expect(town.said()).toEqual([]);
  });

  it('an intake that was started anew has none of its hubs any more', () => {
    town.end('a');
    town.pass(seconds(20));
    town.begin('a');
    town.pass(minutes(4));
    expect(town.said()).toEqual(['hub_lost left']);
  });

  it('one that is started anew again and again hides no loss at the other', () => {
    town.down('a', 'left');
    for (let n = 0; n < 4; n++) {
      town.end('b');
      town.pass(seconds(20));
      town.begin('b');
      town.up('b', 'right', n + 2);
      town.pass(seconds(40));
    }
    expect(town.said()).toEqual(['hub_lost left']);
  });

  it('nobody is lost while nobody hears, and that is one incident when somebody does again', () => {
    town.end('a');
    town.end('b');
    town.pass(minutes(60));
    expect(town.said()).toEqual([]);
    town.begin('b');
    town.up('b', 'right', 2);
    expect(town.said()).toEqual(['system ']);
    town.pass(minutes(4));
    expect(town.said()).toEqual(['hub_lost left']);
  });
});
