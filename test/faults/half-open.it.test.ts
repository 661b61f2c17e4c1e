import { halfOpen } from './half-open.ts';
import { playShort } from './short.ts';

playShort(halfOpen);
