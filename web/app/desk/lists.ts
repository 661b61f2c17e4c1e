/** What the queue can show; the first is what it shows unasked. */
export const lists = ['unclosed', 'mine', 'closed'] as const;
export type List = (typeof lists)[number];
