import type { Clock } from '../runtime/clock.ts';
import { type Gathering, gathering } from './gathering.ts';
import { type Committing, type GroupCommit, groupCommit } from './group-commit.ts';

/** One stream of an intake on its way to the disk: what gathers for it, and what is being committed. */
export type Lane = Pick<Gathering, 'add' | 'note' | 'wait' | 'claim' | 'next'> & Pick<GroupCommit, 'full' | 'end'>;

export function openLane(stream: string, from: number, clock: Clock, committing: Committing): Lane {
  const gathered = gathering(stream, from, clock);
  const group = groupCommit(gathered, committing);
  return {
    ...gathered,
    add(entry, slot) {
      group.room();
      gathered.add(entry, slot);
    },
    full: group.full,
    end: group.end,
  };
}
