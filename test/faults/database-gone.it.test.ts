import { databaseGone } from './database-gone.ts';
import { playShort } from './short.ts';

playShort(databaseGone);
