import { mutatedPackets } from './mutated-packets.ts';
import { playShort } from './short.ts';

playShort(mutatedPackets);
