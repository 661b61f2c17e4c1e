import { rollingUpgrade } from './rolling-upgrade.ts';
import { playShort } from './short.ts';

playShort(rollingUpgrade);
