import { lostNudges } from './lost-nudges.ts';
import { playShort } from './short.ts';

playShort(lostNudges);
