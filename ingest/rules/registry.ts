import { type AnyRule, anyRule } from '../rule.ts';
import { batteryLow } from './battery-low.ts';
import { critical } from './critical.ts';
import { deviceLost } from './device-lost.ts';
import { doorOpen } from './door-open.ts';
import { hubClock } from './hub-clock.ts';
import { hubLost } from './hub-lost.ts';
import { inactivity } from './inactivity.ts';
import { tamper } from './tamper.ts';
import { vitals } from './vitals.ts';

/** Every rule there is, in the order in which they are asked. */
export const rules: readonly AnyRule[] = [
  anyRule(critical),
  anyRule(vitals),
  anyRule(inactivity),
  anyRule(doorOpen),
  anyRule(hubLost),
  anyRule(deviceLost),
  anyRule(hubClock),
  anyRule(batteryLow),
  anyRule(tamper),
];
