import { playShort } from './short.ts';
import { threeHosts } from './three-hosts.ts';

playShort(threeHosts);
