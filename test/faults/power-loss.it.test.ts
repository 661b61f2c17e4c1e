import { powerLoss } from './power-loss.ts';
import { playShort } from './short.ts';

playShort(powerLoss);
