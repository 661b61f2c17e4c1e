import { playShort } from './short.ts';
import { stoppedOwner } from './stopped-owner.ts';

playShort(stoppedOwner);
