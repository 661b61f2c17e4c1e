import { describe, expect, it } from 'vitest';
import { held } from './settle.ts';

const rows = (...ids: string[]) => ids.map((id) => ({ id, version: 1 }));

describe('rows under a pointer', () => {
  it('do not move when a more urgent one comes', () => {
    expect(held(rows('b', 'c'), rows('a', 'b', 'c')).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
  });

  it('do not move up when one is gone', () => {
    expect(held(rows('a', 'b', 'c'), rows('b', 'c')).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('are renewed in their place', () => {
    expect(held(rows('a', 'b'), [{ id: 'b', version: 2 }])).toEqual([
      { id: 'a', version: 1 },
      { id: 'b', version: 2 },
    ]);
  });
});
