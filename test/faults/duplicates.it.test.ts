import { duplicates } from './duplicates.ts';
import { playShort } from './short.ts';

playShort(duplicates);
