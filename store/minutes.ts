/** Minutes of an hour, a character each: what moved when, for one byte a movement. */
const FIRST = '0'.charCodeAt(0);

export const minuteLetter = (minute: number): string => String.fromCharCode(FIRST + minute);

/** How often each minute occurs. */
export function minutesIn(letters: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < letters.length; i++) {
    const minute = letters.charCodeAt(i) - FIRST;
    counts.set(minute, (counts.get(minute) ?? 0) + 1);
  }
  return counts;
}
