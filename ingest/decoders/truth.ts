const yes = new Set(['true', 'on', '1', 'yes', 'y', 'alarm', 'active', 'triggered', 'detected', 'pressed']);
const no = new Set([
  'false',
  'off',
  '0',
  'no',
  'n',
  'none',
  'normal',
  'clear',
  'inactive',
  'idle',
  'ok',
  'safe',
  'released',
]);

/** Whether a value means yes or no, in the ways makers write it; null when it says neither. */
export function saysTrue(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (value === 1) return true;
  if (value === 0) return false;
  if (typeof value !== 'string' || value.length > 20) return null;
  const word = value.trim().toLowerCase();
  return yes.has(word) ? true : no.has(word) ? false : null;
}
