import { serverClock } from './server-clock.ts';
import { playShort } from './short.ts';

playShort(serverClock);
