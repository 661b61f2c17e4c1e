/**
 * Whether a topic filter matches a topic, by MQTT 3.1.1 section 4.7: `+` is one level, `#` the rest and its parent, and neither as
 * the first level matches a topic that begins with `$`.
 */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

/** The server's own topics are nobody's business. */
export const isReserved = (filter: string): boolean => /^\$SYS(\/|$)/.test(filter);
