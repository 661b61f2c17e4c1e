import { categories } from '../../domain/category.ts';
import type { Telling } from '../../store/telling.ts';
import { GO, type Stage, type Verdict } from '../stage.ts';
import { absence } from './absence.ts';
import { commissioning } from './commissioning.ts';
import { duplicate } from './duplicate.ts';
import { inHand } from './in-hand.ts';
import { lostHub } from './lost-hub.ts';
import { maintenance } from './maintenance.ts';
import { rate } from './rate.ts';

const ordinary: readonly Stage[] = [inHand, absence, maintenance, commissioning, duplicate, lostHub, rate];

/** Of these, the ones that cannot silence an emergency in a home that is watched. */
const lifeCritical: readonly Stage[] = [inHand, commissioning, duplicate];

/** What the stages say to a notice; the first that holds it gives the reason. */
export function verdictOn(telling: Telling): Verdict {
  const stages = categories[telling.alert.category].critical ? lifeCritical : ordinary;
  for (const stage of stages) {
    const verdict = stage(telling);
    if (!verdict.go) return verdict;
  }
  return GO;
}
