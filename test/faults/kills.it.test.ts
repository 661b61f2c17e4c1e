import { kills } from './kills.ts';
import { playShort } from './short.ts';

playShort(kills);
