import { playShort } from './short.ts';
import { virtualMonths } from './virtual-months.ts';

playShort(virtualMonths);
