import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Metrics } from './metrics.ts';

/** Figures of the disk that a data folder is on; what only root may still use counts as used. */
export function measureDisk(metrics: Pick<Metrics, 'gauge'>, folder: string): void {
  metrics.gauge('shouwang_disk_used_ratio', "The used part of the data folder's disk, 0 to 1", () => {
    const { blocks, bavail } = statfsSync(folder);
    return 1 - bavail / blocks;
  });
  metrics.gauge('shouwang_disk_free_bytes', "What is left to us on the data folder's disk", () => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  });
  metrics.gauge(
    'shouwang_ballast_bytes',
    'What is held back for when the disk is full; 0 once it is released',
    () => statSync(join(folder, 'ballast'), { throwIfNoEntry: false })?.size ?? 0,
  );
}
