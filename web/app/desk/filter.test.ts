import { describe, expect, it } from 'vitest';
import type { QueuedAlert } from '../../wire/alert.ts';
import { found } from './filter.ts';

const alert = (id: string, priority: 1 | 2 | 3 | 4, state: QueuedAlert['state'] = 'open') =>
  ({ id, priority, state, householdName: id }) as QueuedAlert;
const ids = (alerts: readonly QueuedAlert[]) => alerts.map(({ id }) => id);
const words = ({ householdName }: QueuedAlert) => householdName;

describe('a search in the queue', () => {
  it('finds by the words of a row, whatever their case', () => {
    expect(ids(found([alert('North 1', 3), alert('South 2', 3)], ' south', words))).toEqual(['South 2']);
  });

  it('never hides what is life-critical or urgent and untaken', () => {
    const alerts = [alert('a', 1), alert('b', 2), alert('c', 2, 'taken'), alert('d', 3)];
    expect(ids(found(alerts, 'nothing', words))).toEqual(['a', 'b']);
  });
});
