/** The rooms of a simulated home: the word in device keys, and the word on the screens. */
export const rooms = {
  living: '客厅',
  bedroom: '卧室',
  kitchen: '厨房',
  bathroom: '卫生间',
  hallway: '过道',
} as const;
export type Room = keyof typeof rooms;
