import { playShort } from './short.ts';
import { throwingRule } from './throwing-rule.ts';

playShort(throwingRule);
