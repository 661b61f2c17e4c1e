import { frozenConsoles } from './frozen-console.ts';
import { playShort } from './short.ts';

playShort(frozenConsoles);
