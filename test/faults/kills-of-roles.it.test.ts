import { killsOfRoles } from './kills.ts';
import { playShort } from './short.ts';

playShort(killsOfRoles);
